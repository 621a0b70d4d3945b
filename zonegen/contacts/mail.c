#include "contacts/mail.h"

#include "conf/idn.h"
#include "contacts/text.h"
#include "wire/name.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_atom_character(char c)
{
    return isalnum((unsigned char)c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* RFC 5321 §4.1.2: Dot-string = Atom *("." Atom). */
static bool is_dot_string(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        bool is_dot = text[i] == '.';
        bool at_end = i == 0 || i + 1 == length;
        if (is_dot ? at_end || text[i + 1] == '.' : !is_atom_character(text[i]))
            return false;
    }
    return length > 0;
}

/* RFC 1123 §2.1: letters, digits and inner hyphens. */
static bool is_host_label(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!isalnum((unsigned char)text[i]) && (text[i] != '-' || i == 0 || i + 1 == length))
            return false;
    }
    return length > 0 && length <= NAME_MAX_LABEL;
}

/* At least two labels, the last not a number (which would be an address, RFC 1123 §2.1). */
static bool is_host_name(const char *domain)
{
    const char *label = domain;
    size_t labels = 0;

    for (;; labels++) {
        size_t length = strcspn(label, ".");
        if (!is_host_label(label, length))
            return false;
        if (label[length] == '\0')
            break;
        label += length + 1;
    }
    return labels > 0 && label[strspn(label, "0123456789")] != '\0';
}

/* The domain with its U-labels as A-labels; false where one is no label. */
static bool to_a_labels(const char *domain, char out[NAME_MAX_OCTETS])
{
    size_t written = 0;

    while (*domain != '\0') {
        char label[IDN_LABEL_OCTETS];
        char a_label[IDN_LABEL_OCTETS];
        size_t length = strcspn(domain, ".");
        if (length >= sizeof label)
            return false;
        memcpy(label, domain, length);
        label[length] = '\0';
        if (idn_to_a_label(label, a_label) != STATUS_OK ||
            written + strlen(a_label) + 2 > NAME_MAX_OCTETS)
            return false;
        written += (size_t)snprintf(out + written, NAME_MAX_OCTETS - written, "%s%s",
                                    written > 0 ? "." : "", a_label);
        domain += length + (domain[length] == '.');
    }
    return written > 0;
}

static void refuse_domain(struct reading *reading, const struct yaml_node *node, const char *domain)
{
    char fixed[NAME_MAX_OCTETS];
    struct quoted quoted = text_quote(node->text);
    size_t length = strlen(domain);

    if (!text_is_ascii(domain) && to_a_labels(domain, fixed) && is_host_name(fixed))
        reading_error(reading, node->place, "mail-domain",
                      "the domain of '%s' is not ASCII; write %.*s%s", quoted.text,
                      (int)(domain - node->text), node->text, fixed);
    else if (length > 0 && domain[length - 1] == '.')
        reading_error(reading, node->place, "mail-domain",
                      "the domain of '%s' ends in a dot; remove it", quoted.text);
    else if (strchr(domain, '.') == NULL)
        reading_error(reading, node->place, "mail-domain",
                      "the domain of '%s' has no dot; write it whole", quoted.text);
    else
        reading_error(reading, node->place, "mail-domain",
                      "the domain of '%s' is not a host name; letters, digits, inner hyphens and "
                      "dots are right",
                      quoted.text);
}

/* What people write around an address, or instead of one. True if it was that, and was refused. */
static bool refuse_wrapping(struct reading *reading, const struct yaml_node *node)
{
    const char *text = node->text;
    const char *open = strchr(text, '<');
    const char *at = strchr(text, '@');
    struct quoted quoted = text_quote(text);

    if (at == NULL) {
        reading_error(reading, node->place, "mail-syntax",
                      "'%s' is not a mail address: it has no '@'", quoted.text);
        return true;
    }
    if (strncasecmp(text, "mailto:", 7) == 0) {
        reading_error(reading, node->place, "mail-syntax",
                      "'%s' is not a mail address; write it without mailto:", quoted.text);
        return true;
    }
    if (open != NULL && open < at) {
        reading_error(reading, node->place, "mail-syntax",
                      "'%s' is not a mail address alone; write %.*s", quoted.text,
                      (int)strcspn(open + 1, ">"), open + 1);
        return true;
    }
    if (strchr(at + 1, '@') != NULL && strpbrk(text, ", ;/") != NULL) {
        reading_error(reading, node->place, "mail-syntax",
                      "'%s' is more than one mail address; write one that reaches the team",
                      quoted.text);
        return true;
    }
    return false;
}

static bool check_local(struct reading *reading, const struct yaml_node *node, size_t length)
{
    struct quoted quoted = text_quote(node->text);

    if (!is_dot_string(node->text, length)) {
        reading_error(reading, node->place, "mail-local",
                      "'%.*s' before the '@' of '%s' is not a dot-string; ASCII letters, digits, "
                      "single inner dots and !#$%%&'*+-/=?^_`{|}~ are right",
                      (int)(length < 64 ? length : 64), node->text, quoted.text);
        return false;
    }
    if (length > NAME_MAX_LABEL) {
        reading_error(reading, node->place, "mail-local",
                      "%zu octets before the '@' of '%s'; at most %d fit a label", length,
                      quoted.text, NAME_MAX_LABEL);
        return false;
    }
    return true;
}

const char *mail_read(struct reading *reading, const struct yaml_node *node)
{
    if (refuse_wrapping(reading, node))
        return NULL;
    const char *at = strrchr(node->text, '@');
    const char *domain = at + 1;
    size_t local_length = (size_t)(at - node->text);
    bool right = check_local(reading, node, local_length);
    if (!is_host_name(domain)) {
        refuse_domain(reading, node, domain);
        return NULL;
    }
    /* As RNAME: a length octet and the local part, then the domain with one more and the root. */
    if (1 + local_length + strlen(domain) + 2 > NAME_MAX_OCTETS) {
        reading_error(reading, node->place, "mail-length",
                      "'%s' is too long for a domain name of %d octets; write a shorter address",
                      text_quote(node->text).text, NAME_MAX_OCTETS);
        return NULL;
    }
    char *copy = right ? arena_copy(reading->arena, node->text, strlen(node->text)) : NULL;
    if (copy == NULL)
        return NULL;
    for (char *c = copy + local_length; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    return copy;
}
