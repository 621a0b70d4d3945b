#include "server/chaos.h"

#include <string.h>

static bool is(const struct question *question, const uint8_t *name)
{
    return name_equals(question->name.octets, name);
}

const char *chaos_text(const struct config_server *server, const struct question *question)
{
    static const uint8_t version_bind[] = "\7version\4bind";
    static const uint8_t version_server[] = "\7version\6server";
    static const uint8_t id_server[] = "\2id\6server";
    static const uint8_t hostname_bind[] = "\10hostname\4bind";

    if (question->type != TYPE_TXT && question->type != TYPE_ANY)
        return NULL;
    if (is(question, version_bind) || is(question, version_server))
        return server->version;
    if (is(question, id_server) || is(question, hostname_bind))
        return server->identity;
    return NULL;
}

void chaos_write(struct writer *w, const char *text)
{
    size_t octets = strnlen(text, CHAOS_TEXT_OCTETS);

    writer_u8(w, 0xc0);
    writer_u8(w, DNS_HEADER_OCTETS);
    record_write_fixed(w, TYPE_TXT, CLASS_CH, 0, (uint16_t)(octets + 1));
    writer_u8(w, (uint8_t)octets);
    writer_octets(w, (const uint8_t *)text, octets);
}
