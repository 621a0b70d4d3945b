#include "command/certificate.h"

#include "conf/names.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

/* True, and in `out`, for the DNS name of one machine; an octet 0 in it would hide what follows. */
static bool take_name(const GENERAL_NAME *general, struct name *out)
{
    char text[NAME_TEXT_OCTETS];

    if (general->type != GEN_DNS)
        return false;
    const uint8_t *octets = ASN1_STRING_get0_data(general->d.dNSName);
    size_t length = (size_t)ASN1_STRING_length(general->d.dNSName);
    if (length == 0 || length >= sizeof text || memchr(octets, '\0', length) != NULL)
        return false;
    memcpy(text, octets, length);
    text[length] = '\0';
    return names_domain(text, true, out) == NULL;
}

static enum status find_name(X509 *certificate, struct name *out)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    enum status status = STATUS_NOT_FOUND;

    for (int i = 0; i < sk_GENERAL_NAME_num(names) && status != STATUS_OK; i++)
        if (take_name(sk_GENERAL_NAME_value(names, i), out))
            status = STATUS_OK;
    GENERAL_NAMES_free(names);
    return status;
}

enum status certificate_name(const char *path, struct name *out)
{
    FILE *file = fopen(path, "re");

    if (file == NULL)
        return STATUS_SYSTEM;
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    ERR_clear_error();
    errno = 0;
    if (certificate == NULL)
        return STATUS_SYSTEM;
    enum status status = find_name(certificate, out);
    X509_free(certificate);
    return status;
}
