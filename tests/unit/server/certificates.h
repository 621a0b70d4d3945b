/* Certificates and keys in files of a folder of their own, made by OpenSSL on the spot. */
#ifndef TESTS_CERTIFICATES_H
#define TESTS_CERTIFICATES_H

#include "tests/unit/check.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CERTIFICATE_PATH_OCTETS 128

struct certificates {
    char folder[64];
    char certificate[CERTIFICATE_PATH_OCTETS];
    char key[CERTIFICATE_PATH_OCTETS];
    char other_key[CERTIFICATE_PATH_OCTETS];
};

static inline void certificates_create(struct certificates *files)
{
    // cppcheck-suppress ctuuninitvar; it is written here, not read
    snprintf(files->folder, sizeof files->folder, "/tmp/certificates.XXXXXX");
    assert_non_null(mkdtemp(files->folder));
    snprintf(files->certificate, sizeof files->certificate, "%s/certificate", files->folder);
    snprintf(files->key, sizeof files->key, "%s/key", files->folder);
    snprintf(files->other_key, sizeof files->other_key, "%s/other", files->folder);
}

static inline void certificates_destroy(struct certificates *files)
{
    unlink(files->certificate);
    unlink(files->key);
    unlink(files->other_key);
    rmdir(files->folder);
}

static inline EVP_PKEY *write_key(const char *path)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    FILE *out = fopen(path, "w");
    assert_non_null(key);
    assert_non_null(out);
    assert_int_equal(PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(out);
    assert_int_equal(chmod(path, 0600), 0);
    return key;
}

/* Adds a self-signed certificate to a file. */
static inline void append_certificate(const char *path, EVP_PKEY *key, time_t begins, time_t ends)
{
    X509 *certificate = X509_new();
    FILE *out = fopen(path, "a");
    assert_non_null(certificate);
    assert_non_null(out);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    ASN1_TIME_set(X509_getm_notBefore(certificate), begins);
    ASN1_TIME_set(X509_getm_notAfter(certificate), ends);
    X509_set_version(certificate, 2);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_X509(out, certificate), 1);
    fclose(out);
    X509_free(certificate);
}

/* A certificate with its key, and a key that is not its own. */
static inline void certificates_issue(struct certificates *files, time_t begins, time_t ends)
{
    unlink(files->certificate);
    EVP_PKEY *key = write_key(files->key);
    append_certificate(files->certificate, key, begins, ends);
    EVP_PKEY_free(key);
    EVP_PKEY_free(write_key(files->other_key));
}

#endif
