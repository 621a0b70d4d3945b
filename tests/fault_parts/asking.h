/*
 * Everything that can be asked of a database, and what it answers: each name that it has, one
 * beside and one below it, and the whole zone by AXFR, through respond() as the server does it.
 */
#ifndef TESTS_ASKING_H
#define TESTS_ASKING_H

#include "conf/config.h"
#include "server/respond.h"
#include "tests/fault_parts/damage.h"

/* Where it is, below the folder that the program was started in. */
#define ASKING_DATABASE "db/contacts.mdb"

struct asked_for {
    uint8_t request[300];
    size_t length;
    struct octets answer;
};

struct bench {
    struct config *config;
    struct octets whole;    /* the database */
    struct octets transfer; /* of the zone */
    struct asked_for *questions;
    size_t count;
    struct store *store;
    struct view view;
};

/* How a child ends, beside 1: with a line. */
enum verdict { SAME = 0, ENDED = 1, SOME_SERVFAIL = 10, NOT_OPENED = 11, WRONG = 12 };

/* Opens it as a start does. STATUS_OK, or what store_open() says. */
MUST_CHECK enum status asking_open(struct bench *bench, char message[STORE_MESSAGE_OCTETS]);
void asking_close(struct bench *bench);

/* Makes the questions, each with what the open database answers: that of the whole one. STATUS_OK
 * or STATUS_SYSTEM. */
MUST_CHECK enum status asking_prepare(struct bench *bench);

/* The whole zone by AXFR, to be freed; length 0 where it did not come to its end. */
struct octets asking_transfer(struct bench *bench);

/* Asks everything: SAME, SOME_SERVFAIL or WRONG, and with `say` which answer is, on standard error.
 */
enum verdict asking_compare(struct bench *bench, bool say);

#endif
