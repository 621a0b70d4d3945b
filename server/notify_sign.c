#include "server/notify_sign.h"

#define SAME_TIME_SECONDS 60

void notify_sign_assign(struct notify_targets *targets, const struct config *config,
                        const struct tsig_keys *keys)
{
    size_t number = 0;

    for (size_t z = 0; z < config->zone_count; z++) {
        const struct config_zone *zone = &config->zones[z];
        for (size_t r = 0; r < zone->notify_count; r++) {
            const struct config_remote *remote = zone->notify[r];
            for (size_t a = 0; a < remote->address_count; a++) {
                struct notify_target *target = &targets->targets[number++];
                target->key = remote->key_count > 0
                                  ? tsig_keys_find(keys, remote->keys[0]->name.octets)
                                  : NULL;
                target->told.key = target->asked.key = NULL;
                target->distrusted = false;
            }
        }
    }
}

size_t notify_sign_octets(const struct notify_target *target)
{
    const struct tsig_session session = {.key = target->key};

    return target->key ? tsig_octets(&session) : 0;
}

bool notify_sign(const struct notify_target *target, struct tsig_session *session, uint8_t *message,
                 size_t *length, int64_t now)
{
    uint16_t id = (uint16_t)(message[0] << 8 | message[1]);
    int64_t before = (int64_t)session->time;

    if (!target->key)
        return true;
    bool again = session->key && session->original_id == id && now >= before &&
                 now - before < SAME_TIME_SECONDS;
    return tsig_sign_request(target->key, message, length, again ? before : now, session);
}

enum status notify_sign_check(const struct notify_target *target,
                              const struct tsig_session *session, const uint8_t *message,
                              size_t length, int64_t now, uint16_t *error)
{
    struct reader r = reader_of(message, length);
    uint16_t id = reader_u16(&r); /* 0 where there is none: it is not verified either */

    *error = TSIG_NO_ERROR;
    if (!target->key)
        return STATUS_OK;
    if (!session->key || session->original_id != id)
        return STATUS_NOT_FOUND;
    enum status status = tsig_verify_answer(session, message, length, now, error);
    return status == STATUS_OK ? STATUS_OK : STATUS_DENIED;
}
