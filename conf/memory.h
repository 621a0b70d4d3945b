/*
 * What a process does when there is no memory. By itself nothing: it is reported, as each module
 * says. A program of one command has nothing better to do than to end: its texts are made at a
 * hundred places where one that is missing would go unnoticed, and something else be told instead.
 */
#ifndef CONF_MEMORY_H
#define CONF_MEMORY_H

/*
 * From here on, memory that arenas, diagnostics and files cannot have makes them call `end`, which
 * does not return. NULL, as at first: they report it. Decided once, before threads are started.
 */
void memory_end_without(void (*end)(void));

/* For whoever was given none: ends the process, or returns. */
void memory_lacks(void);

#endif
