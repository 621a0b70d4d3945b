/* What the printers of all configurations share. Every line that is not of the configuration itself
 * is a comment that begins with '#', which all of them know. */
#include "command/secondary.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <string.h>

const char *secondary_id(const struct secondary *secondary, const struct config_key *key)
{
    const char *id =
        key == NULL ? "contactd" : arena_format(secondary->arena, "contactd_%s", key->id);
    return id != NULL ? id : "contactd"; /* without memory: a name that is there twice is refused */
}

static void print_comment(FILE *out, const char *before, const char *format, va_list list)
    __attribute__((format(printf, 3, 0), noinline));

/* Not inlined: gcc with UBSan then sees a format that is NULL where there is none. */
static void print_comment(FILE *out, const char *before, const char *format, va_list list)
{
    fputs(before, out);
    vfprintf(out, format, list);
    fputc('\n', out);
}

void secondary_note(FILE *out, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    print_comment(out, "# ", format, list);
    va_end(list);
}

void secondary_elsewhere(FILE *out, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    print_comment(out, "#     ", format, list);
    va_end(list);
}

/* A zone that another server is to keep to those who may ask it here. */
bool secondary_is_closed(const struct config_zone *zone)
{
    return zone->catalog || zone->audience == AUDIENCE_MEMBERS;
}

const char *secondary_address(const struct secondary *secondary, size_t n, unsigned *port)
{
    char text[ENDPOINT_TEXT_OCTETS];
    endpoint_to_text(&secondary->addresses[n], text);
    char *at = strchr(text, '@');
    *port = 0;
    for (const char *digit = at + 1; *digit != '\0'; digit++)
        *port = *port * 10 + (unsigned)(*digit - '0');
    const char *copy = arena_copy(secondary->arena, text, (size_t)(at - text));
    return copy != NULL ? copy : "";
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* How the keys come there, where they are not in place. */
static void note_keys(const struct secondary *secondary, FILE *out)
{
    const struct engine *engine = secondary->engine;
    size_t count = secondary->key_count;

    if (count == 0 || secondary->secrets != NULL)
        return;
    secondary_note(out, "The key%s in a file that %s alone should be able to read, made by:",
                   count == 1 ? " is" : "s are", engine->title);
    secondary_elsewhere(out, "%s --only-secrets > %s/contactd.key", secondary->command,
                        secondary->folder);
}

void secondary_print_head(const struct secondary *secondary, FILE *out)
{
    const struct engine *engine = secondary->engine;

    secondary_note(out, "%s as a secondary of contactd: remote '%s', %zu zone%s.", engine->title,
                   secondary->remote->id, secondary->zone_count, plural(secondary->zone_count));
    secondary_note(out, "Printed by '%s'; after a change, print it again.", secondary->command);
    if (engine->file != NULL) {
        secondary_note(out, "In %s:", engine->file);
        secondary_elsewhere(out, "%s%s/contactd.conf%s", engine->include, secondary->folder,
                            engine->include_end);
    }
    note_keys(secondary, out);
    if (secondary->tls && secondary->remote->cert_hostname != NULL)
        secondary_note(out, "It comes with a certificate for %s, %s/contactd.pem.",
                       secondary->remote->cert_hostname, secondary->folder);
}

void secondary_print_keys(const struct secondary *secondary, FILE *out)
{
    const struct engine *engine = secondary->engine;

    for (size_t i = 0; i < secondary->key_count && secondary->secrets != NULL; i++)
        engine->print_key(secondary->keys[i], secondary->secrets[i], out);
    if (secondary->key_count > 0 && secondary->secrets == NULL)
        fprintf(out, "%s%s/contactd.key%s\n", engine->include, secondary->folder,
                engine->include_end);
}

/* ---- who may ask ---- */

static void print_prefix(const struct prefix *prefix, const struct prefix_printer *printer)
{
    char text[PREFIX_TEXT_OCTETS];

    prefix_to_text(prefix, text);
    fprintf(printer->out, "%s%s%s", printer->before, text, printer->after);
}

static bool is_about(const struct config_acl *acl, enum acl_action action)
{
    return (acl->actions & action) != 0;
}

/* True where an acl before this one turns some of these clients away. */
static bool is_denied(const struct config_zone *zone, size_t n, const struct prefix *prefix)
{
    for (size_t i = 0; i < n; i++) {
        const struct config_acl *acl = zone->acl[i];
        if (!acl->deny || !is_about(acl, ACL_QUERY))
            continue;
        if (!acl->has_prefixes)
            return true;
        for (size_t k = 0; k < acl->prefix_count; k++)
            if (prefix_contains(&acl->prefixes[k], prefix) ||
                prefix_contains(prefix, &acl->prefixes[k]))
                return true;
    }
    return false;
}

/* An acl that asks for an address and for nothing else. */
static bool is_by_address(const struct config_acl *acl)
{
    return !acl->deny && is_about(acl, ACL_QUERY) && acl->has_prefixes && !acl->has_remotes &&
           acl->key_count == 0 && acl->cert_hostname == NULL;
}

void secondary_print_clients(const struct secondary *secondary, const struct config_zone *zone,
                             const struct prefix_printer *printer)
{
    if (!secondary_is_closed(zone))
        return;
    for (size_t i = 0; i < secondary->address_count; i++) {
        struct prefix own = prefix_of_address(&secondary->addresses[i].address.any);
        print_prefix(&own, printer);
    }
    for (size_t i = 0; i < zone->acl_count; i++) {
        const struct config_acl *acl = zone->acl[i];
        for (size_t k = 0; k < acl->prefix_count && is_by_address(acl); k++)
            if (!is_denied(zone, i, &acl->prefixes[k]))
                print_prefix(&acl->prefixes[k], printer);
    }
}
