#include "tests/unit/sign/keyfolder.h"

#include <dirent.h>
#include <ldns/ldns.h>
#include <sys/wait.h>

/* Keys that other programs made, for cc.example. */
#define BIND_KSK "Kcc.example.+013+60350"
static const char bind_ksk[] =
    "; This is a key-signing key, keyid 60350, for cc.example.\n"
    "; Created: 20261122163410 (Sun Nov 22 16:34:10 2026)\n"
    "cc.example. IN DNSKEY 257 3 13 Yo7VQqzu8oPrc1+FTnIlwbU02F1Yt9TecTj0eS8E9Gib4Ud2i2FOf7z6 "
    "90aeWeRgHihRAetNrMDW/lYNlKdP1w==\n";
static const char bind_ksk_private[] =
    "Private-key-format: v1.3\nAlgorithm: 13 (ECDSAP256SHA256)\n"
    "PrivateKey: dJqFNZbMkBtYN3eI+oe2U5+JvsbIUVPP5Ld9aYky1+w=\n"
    "Created: 20261122163410\nPublish: 20261122163410\nActivate: 20261122163410\n";

#define LDNS_ZSK "Kcc.example.+015+29040"
static const char ldns_zsk[] =
    "cc.example.\tIN\tDNSKEY\t256 3 15 A77BpFW9o0pNSQKFisHUUVHKtw1QqNM2UUsJvwsebTU= "
    ";{id = 29040 (zsk), size = 256b}\n";
static const char ldns_zsk_private[] = "Private-key-format: v1.2\nAlgorithm: 15 (ED25519)\n"
                                       "PrivateKey: DLJNXNh82/kjQUph252Wx/wXvElObOf+aFdLllGyw0w=\n";

/* Other halves of the same algorithms. */
static const char other_ecdsa_private[] =
    "Private-key-format: v1.2\nAlgorithm: 13 (ECDSAP256SHA256)\n"
    "PrivateKey: Oe8NxrbMcXAsOK6R6KUh/4NzkALWDyu/sxx05tZau3E=\n";

static int set_up(void **state)
{
    struct keyfolder *folder = calloc(1, sizeof *folder);
    assert_non_null(folder);
    keyfolder_open(folder);
    *state = folder;
    return 0;
}

static int tear_down(void **state)
{
    keyfolder_close(*state);
    free(*state);
    return 0;
}

static enum status read_all(struct keyfolder *folder, struct keyfiles *out)
{
    return keyfiles_read(folder->path, &folder->zone, folder->arena, folder->diag, out);
}

static void put_pair(struct keyfolder *folder, const char *stem, const char *public,
                     const char *private)
{
    keyfolder_put(folder, arena_format(folder->arena, "%s.key", stem), public, 0644);
    keyfolder_put(folder, arena_format(folder->arena, "%s.private", stem), private, 0600);
}

/* Files in the folder, hidden ones too, "." and ".." aside. */
static size_t count_files(const char *path)
{
    size_t count = 0;
    DIR *folder = opendir(path);
    if (folder == NULL)
        return 0;
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count - 2;
}

static void a_missing_folder_has_no_keys(void **state)
{
    struct keyfiles keys;
    assert_int_equal(read_all(*state, &keys), STATUS_OK);
    assert_int_equal(keys.count, 0);
    assert_int_equal(diag_total(((struct keyfolder *)*state)->diag), 0);
}

static void generated_keys_are_read_back(void **state)
{
    struct keyfolder *folder = *state;
    struct keyfiles keys;
    struct keyfile ed = keyfolder_generate(folder, ALGORITHM_ED25519, DNSKEY_ZONE);
    struct keyfile ec =
        keyfolder_generate(folder, ALGORITHM_ECDSAP256SHA256, DNSKEY_ZONE | DNSKEY_SEP);

    assert_int_equal(read_all(folder, &keys), STATUS_OK);
    assert_int_equal(keys.count, 2);
    assert_int_equal(keys.items[0].algorithm, 13);
    assert_int_equal(keys.items[0].tag, ec.tag);
    assert_int_equal(keys.items[0].flags, 257);
    assert_string_equal(keys.items[0].path, ec.path);
    assert_int_equal(keys.items[1].algorithm, 15);
    assert_int_equal(keys.items[1].flags, 256);
    assert_int_equal(keys.items[1].dnskey_octets, 36);
    assert_memory_equal(keys.items[1].dnskey, ed.dnskey, 36);
}

static void folder_and_files_are_closed_to_others(void **state)
{
    struct keyfolder *folder = *state;
    struct stat info;
    struct keyfile key = keyfolder_generate(folder, ALGORITHM_ED25519, DNSKEY_ZONE);

    assert_int_equal(stat(folder->path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0700);
    assert_int_equal(stat(key.path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(count_files(folder->path), 2);
}

static void the_tag_is_that_of_ldns(void **state)
{
    struct keyfolder *folder = *state;
    for (int i = 0; i < 20; i++) {
        struct keyfile key = keyfolder_generate(
            folder, i % 2 ? ALGORITHM_ED25519 : ALGORITHM_ECDSAP256SHA256, DNSKEY_ZONE);
        assert_int_equal(key.tag, ldns_calc_keytag_raw(key.dnskey, key.dnskey_octets));
    }
}

/* With half of all tags taken, one of eight keys would have one of them. */
static void a_tag_that_is_in_the_folder_is_not_given_again(void **state)
{
    struct keyfolder *folder = *state;
    for (unsigned tag = 0; tag < 32768; tag++) {
        char name[64];
        snprintf(name, sizeof name, "Kcc.example.+015+%05u.key", tag);
        keyfolder_put(folder, name, "", 0644);
    }
    for (int i = 0; i < 8; i++) {
        struct keyfile key = keyfolder_generate(folder, ALGORITHM_ED25519, DNSKEY_ZONE);
        assert_true(key.tag >= 32768);
    }
}

static void keys_of_bind_and_ldns_are_read(void **state)
{
    struct keyfolder *folder = *state;
    struct keyfiles keys;

    put_pair(folder, LDNS_ZSK, ldns_zsk, ldns_zsk_private);
    put_pair(folder, BIND_KSK, bind_ksk, bind_ksk_private);
    keyfolder_put(folder, BIND_KSK ".state", "; of BIND\n", 0644);
    assert_int_equal(read_all(folder, &keys), STATUS_OK);
    assert_int_equal(keys.count, 2);
    assert_int_equal(keys.items[0].tag, 60350);
    assert_int_equal(keys.items[1].tag, 29040);
}

static void keys_of_other_zones_are_left_alone(void **state)
{
    struct keyfolder *folder = *state;
    struct keyfiles keys;

    keyfolder_put(folder, "Kother.example.+013+60350.key", "nonsense", 0644);
    keyfolder_put(folder, "Kcc.example.test.+013+60350.key", "nonsense", 0644);
    keyfolder_put(folder, "Kcc.example.+013+60350.key.old", "nonsense", 0644);
    keyfolder_put(folder, "Kcc.example.+13+60350.key", "nonsense", 0644);
    assert_int_equal(read_all(folder, &keys), STATUS_OK);
    assert_int_equal(keys.count, 0);
}

/* Each is one thing wrong with a pair, and what is said of it. */
static const struct wrong {
    const char *stem;
    const char *public, *private; /* NULL: not there */
    mode_t private_mode;
    const char *rule, *path_end, *said;
} wrongs[] = {
    {BIND_KSK, bind_ksk, NULL, 0600, "key-half", BIND_KSK ".private", "missing, half of a key"},
    {BIND_KSK, NULL, bind_ksk_private, 0600, "key-half", BIND_KSK ".key", "missing, half of a"},
    {BIND_KSK, bind_ksk, bind_ksk_private, 0640, "key-mode", BIND_KSK ".private",
     "a private key of mode 0640, open to others; run: chmod 600 /"},
    {BIND_KSK, bind_ksk, bind_ksk_private, 0604, "key-mode", BIND_KSK ".private", "mode 0604"},
    {BIND_KSK, bind_ksk, other_ecdsa_private, 0600, "key-pair", BIND_KSK ".private",
     "not the private half"},
    {BIND_KSK, bind_ksk, ldns_zsk_private, 0600, "key-pair", BIND_KSK ".private",
     "not the private half"},
    {BIND_KSK, bind_ksk, "", 0600, "key-private", BIND_KSK ".private", "not a private key"},
    {BIND_KSK, bind_ksk, "Private-key-format: v1.3\nAlgorithm: 13 (ECDSAP256SHA256)\n", 0600,
     "key-private", BIND_KSK ".private", "not a private key"},
    {BIND_KSK, bind_ksk,
     "Private-key-format: v1.3\nAlgorithm: 13 (ECDSAP256SHA256)\nPrivateKey: AAAA\n", 0600,
     "key-pair", BIND_KSK ".private", "not the private half"},
    {BIND_KSK, bind_ksk,
     "Private-key-format: v1.3\nAlgorithm: 13 (ECDSAP256SHA256)\nPrivateKey: AA==\n", 0600,
     "key-pair", BIND_KSK ".private", "not the private half"},
    {"Kcc.example.+013+60351", bind_ksk, bind_ksk_private, 0600, "key-name",
     "Kcc.example.+013+60351.key", "algorithm 13 and tag 60350; rename both files"},
    {BIND_KSK, "", bind_ksk_private, 0600, "key-syntax", BIND_KSK ".key", "it is empty"},
    {BIND_KSK, "; nothing\n", bind_ksk_private, 0600, "key-syntax", BIND_KSK ".key",
     "0 DNSKEY records"},
    {BIND_KSK, "other.example. IN DNSKEY 257 3 15 A77BpFW9o0pNSQKFisHUUVHKtw1QqNM2UUsJvwsebTU=\n",
     bind_ksk_private, 0600, "key-zone", BIND_KSK ".key", "'other.example.' is another zone"},
    {BIND_KSK, "cc.example. CH DNSKEY 257 3 15 A77BpFW9o0pNSQKFisHUUVHKtw1QqNM2UUsJvwsebTU=\n",
     bind_ksk_private, 0600, "key-syntax", BIND_KSK ".key", "DNSKEY record of class IN"},
    {BIND_KSK, "cc.example. IN KEY 257 3 15 A77BpFW9o0pNSQKFisHUUVHKtw1QqNM2UUsJvwsebTU=\n",
     bind_ksk_private, 0600, "key-syntax", BIND_KSK ".key", "does not begin a DNSKEY record"},
    {BIND_KSK,
     "$TTL 5\ncc.example. IN DNSKEY 257 3 15 A77BpFW9o0pNSQKFisHUUVHKtw1QqNM2UUsJvwsebTU=\n",
     bind_ksk_private, 0600, "key-syntax", BIND_KSK ".key", "'$TTL' does not begin a DNSKEY"},
    {BIND_KSK, "cc.example. IN DNSKEY 257 2 15 A77BpFW9o0pNSQKFisHUUVHKtw1QqNM2UUsJvwsebTU=\n",
     bind_ksk_private, 0600, "key-protocol", BIND_KSK ".key", "protocol 2; a DNSKEY has 3"},
    {BIND_KSK, "cc.example. IN DNSKEY 385 3 15 A77BpFW9o0pNSQKFisHUUVHKtw1QqNM2UUsJvwsebTU=\n",
     bind_ksk_private, 0600, "key-flags", BIND_KSK ".key", "flags 385; a key of a zone"},
    {BIND_KSK, "cc.example. IN DNSKEY 1 3 15 A77BpFW9o0pNSQKFisHUUVHKtw1QqNM2UUsJvwsebTU=\n",
     bind_ksk_private, 0600, "key-flags", BIND_KSK ".key", "flags 1; a key of a zone"},
    {BIND_KSK, "cc.example. IN DNSKEY 257 3 13 A77BpFW9o0pNSQKFisHUUVHKtw1QqNM2UUsJvwsebTU=\n",
     bind_ksk_private, 0600, "key-length", BIND_KSK ".key", "a public key of 32 octets; one of"},
    {BIND_KSK, "cc.example. IN DNSKEY 257 3 8 AwEAAbc=\n", bind_ksk_private, 0600, "key-algorithm",
     BIND_KSK ".key", "algorithm 8 (RSASHA256) is not supported; use 13 (ECDSAP256SHA256)"},
    {BIND_KSK, "cc.example. IN DNSKEY 257 3 99 AwEAAbc=\n", bind_ksk_private, 0600, "key-algorithm",
     BIND_KSK ".key", "algorithm 99 (unknown)"},
};

static void each_thing_wrong_with_a_pair_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        const struct wrong *wrong = &wrongs[i];
        struct keyfolder folder;
        struct keyfiles keys;

        keyfolder_open(&folder);
        if (wrong->public != NULL)
            keyfolder_put(&folder, arena_format(folder.arena, "%s.key", wrong->stem), wrong->public,
                          0644);
        if (wrong->private != NULL)
            keyfolder_put(&folder, arena_format(folder.arena, "%s.private", wrong->stem),
                          wrong->private, wrong->private_mode);
        assert_int_equal(read_all(&folder, &keys), STATUS_INVALID);
        assert_int_equal(keys.count, 0);
        assert_int_equal(diag_total(folder.diag), 1);
        keyfolder_expect(&folder, 0, wrong->rule, wrong->path_end, wrong->said);
        keyfolder_close(&folder);
    }
}

static void two_records_in_one_file_are_refused(void **state)
{
    struct keyfolder *folder = *state;
    struct keyfiles keys;
    char twice[2 * sizeof bind_ksk];

    snprintf(twice, sizeof twice, "%s%s", bind_ksk, bind_ksk);
    put_pair(folder, BIND_KSK, twice, bind_ksk_private);
    assert_int_equal(read_all(folder, &keys), STATUS_INVALID);
    keyfolder_expect(folder, 0, "key-syntax", BIND_KSK ".key", "2 DNSKEY records");
}

static void one_bad_pair_does_not_hide_another(void **state)
{
    struct keyfolder *folder = *state;
    struct keyfiles keys;

    keyfolder_put(folder, BIND_KSK ".key", bind_ksk, 0644);
    keyfolder_put(folder, "Kcc.example.+013+00001.private", bind_ksk_private, 0600);
    put_pair(folder, LDNS_ZSK, ldns_zsk, ldns_zsk_private);
    assert_int_equal(read_all(folder, &keys), STATUS_INVALID);
    assert_int_equal(diag_total(folder->diag), 2);
    assert_int_equal(keys.count, 1);
    assert_int_equal(keys.items[0].tag, 29040);
}

static void an_open_folder_is_refused(void **state)
{
    struct keyfolder *folder = *state;
    struct keyfiles keys;

    put_pair(folder, BIND_KSK, bind_ksk, bind_ksk_private);
    assert_int_equal(chmod(folder->path, 0750), 0);
    assert_int_equal(read_all(folder, &keys), STATUS_INVALID);
    assert_int_equal(diag_total(folder->diag), 1);
    keyfolder_expect(folder, 0, "key-mode", "/keys", "mode 0750, open to others; run: chmod 700 /");
}

static void keys_of_another_account_are_refused(void **state)
{
    struct keyfolder *folder = *state;
    struct keyfiles keys;

    if (geteuid() != 0)
        skip();
    put_pair(folder, BIND_KSK, bind_ksk, bind_ksk_private);
    assert_int_equal(chown(keyfolder_path(folder, BIND_KSK ".private"), 65534, 65534), 0);
    assert_int_equal(read_all(folder, &keys), STATUS_INVALID);
    keyfolder_expect(folder, 0, "key-owner", ".private",
                     "belongs to user 65534, neither to this account nor to root; run: chown 0 /");
    assert_int_equal(chown(folder->path, 65534, 65534), 0);
    assert_int_equal(read_all(folder, &keys), STATUS_INVALID);
    keyfolder_expect(folder, 1, "key-owner", "/keys", "belongs to user 65534");
}

static void a_pair_is_imported_under_its_name(void **state)
{
    struct keyfolder *folder = *state;
    static const char *const endings[] = {"", ".key", ".private"};
    struct keyfile key;
    struct keyfiles keys;

    for (size_t i = 0; i < 3; i++) {
        char path[128];
        keyfolder_put(folder, "any.name.key", bind_ksk, 0644);
        keyfolder_put(folder, "any.name.private", bind_ksk_private, 0600);
        char *target = arena_format(folder->arena, "%s/new%zu", folder->base, i);
        snprintf(path, sizeof path, "%s/any.name%s", folder->path, endings[i]);
        assert_int_equal(
            keyfile_import(target, &folder->zone, path, folder->arena, folder->diag, &key),
            STATUS_OK);
        assert_int_equal(key.tag, 60350);
        assert_int_equal(keyfiles_read(target, &folder->zone, folder->arena, folder->diag, &keys),
                         STATUS_OK);
        assert_int_equal(keys.count, 1);
        assert_string_equal(keys.items[0].path, key.path);
    }
}

static void a_pair_is_imported_once(void **state)
{
    struct keyfolder *folder = *state;
    struct keyfile key;

    put_pair(folder, BIND_KSK, bind_ksk, bind_ksk_private);
    assert_int_equal(keyfile_import(folder->path, &folder->zone,
                                    keyfolder_path(folder, BIND_KSK ".key"), folder->arena,
                                    folder->diag, &key),
                     STATUS_INVALID);
    keyfolder_expect(folder, 0, "key-exists", BIND_KSK ".private", "there already");
    assert_int_equal(count_files(folder->path), 2);
}

static void a_world_readable_key_is_not_imported(void **state)
{
    struct keyfolder *folder = *state;
    struct keyfile key;

    put_pair(folder, BIND_KSK, bind_ksk, bind_ksk_private);
    chmod(keyfolder_path(folder, BIND_KSK ".private"), 0644);
    char *target = arena_format(folder->arena, "%s/new", folder->base);
    assert_int_equal(keyfile_import(target, &folder->zone, keyfolder_path(folder, BIND_KSK ".key"),
                                    folder->arena, folder->diag, &key),
                     STATUS_INVALID);
    keyfolder_expect(folder, 0, "key-mode", ".private", "mode 0644");
    assert_int_equal(count_files(target), 0);
}

static void a_failed_write_leaves_nothing(void **state)
{
    struct keyfolder *folder = *state;
    struct keyfile key;
    char *source = arena_format(folder->arena, "%s/keys/x", folder->base);

    keyfolder_put(folder, "x.key", bind_ksk, 0644);
    keyfolder_put(folder, "x.private", bind_ksk_private, 0600);
    /* A folder where the public half's temporary file should be. */
    char *target = arena_format(folder->arena, "%s/new", folder->base);
    assert_int_equal(mkdir(target, 0700), 0);
    char *blocked = arena_format(folder->arena, "%s/." BIND_KSK ".key.%ld", target, (long)getpid());
    assert_int_equal(mkdir(blocked, 0700), 0);
    assert_int_equal(
        keyfile_import(target, &folder->zone, source, folder->arena, folder->diag, &key),
        STATUS_INVALID);
    keyfolder_expect(folder, 0, "key-write", "", "nothing is changed");
    assert_int_equal(count_files(target), 1);
}

static void a_removed_pair_is_kept_aside(void **state)
{
    struct keyfolder *folder = *state;
    struct keyfiles keys;
    struct keyfile first = keyfolder_generate(folder, ALGORITHM_ED25519, DNSKEY_ZONE);
    struct keyfile second = keyfolder_generate(folder, ALGORITHM_ED25519, DNSKEY_ZONE);

    assert_int_equal(keyfile_remove(&first, folder->arena, folder->diag), STATUS_OK);
    assert_int_equal(keyfile_remove(&second, folder->arena, folder->diag), STATUS_OK);
    assert_int_equal(read_all(folder, &keys), STATUS_OK);
    assert_int_equal(keys.count, 0);
    assert_int_equal(count_files(keyfolder_path(folder, "removed")), 4);
}

static void names_of_files_cannot_leave_the_folder(void **state)
{
    struct keyfolder *folder = *state;
    struct keyfiles keys;

    folder->zone = name_of("\\/\\/X.\\000\\.\\%.example");
    struct keyfile key = keyfolder_generate(folder, ALGORITHM_ED25519, DNSKEY_ZONE);
    assert_non_null(strstr(key.path, "/keys/K%2F%2Fx.%00%2E%25.example.+015+"));
    assert_int_equal(read_all(folder, &keys), STATUS_OK);
    assert_int_equal(keys.count, 1);
}

static void the_root_has_keys_too(void **state)
{
    struct keyfolder *folder = *state;
    struct keyfiles keys;

    folder->zone = name_of(".");
    struct keyfile key = keyfolder_generate(folder, ALGORITHM_ED25519, DNSKEY_ZONE);
    assert_non_null(strstr(key.path, "/keys/K.+015+"));
    assert_int_equal(read_all(folder, &keys), STATUS_OK);
    assert_int_equal(keys.count, 1);
}

static void a_key_that_was_exchanged_since_is_not_loaded(void **state)
{
    struct keyfolder *folder = *state;
    struct keyfiles keys;
    void *loaded = NULL;

    put_pair(folder, BIND_KSK, bind_ksk, bind_ksk_private);
    assert_int_equal(read_all(folder, &keys), STATUS_OK);
    assert_int_equal(keyfile_load(&keys.items[0], folder->diag, &loaded), STATUS_OK);
    keyfile_unload(loaded);
    keyfolder_put(folder, BIND_KSK ".private", other_ecdsa_private, 0600);
    assert_int_equal(keyfile_load(&keys.items[0], folder->diag, &loaded), STATUS_INVALID);
    keyfolder_expect(folder, 0, "key-pair", ".private", "not the private half");
}

#define WITH_FOLDER(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* One process makes keys while another lists them: the halves of a pair appear together. */
static void nobody_sees_half_a_pair(void **state)
{
    struct keyfolder *folder = *state;
    struct keyfile made;
    struct keyfiles files = {.count = 0};
    int status = 0;

    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int failed = 0;
        for (int i = 0; i < 30; i++)
            failed |= keyfile_generate(folder->path, &folder->zone, ALGORITHM_ED25519,
                                       DNSKEY_ZONE | DNSKEY_SEP, folder->arena, folder->diag,
                                       &made) != STATUS_OK;
        _exit(failed);
    }
    while (waitpid(child, &status, WNOHANG) == 0)
        assert_int_equal(
            keyfiles_read(folder->path, &folder->zone, folder->arena, folder->diag, &files),
            STATUS_OK);
    assert_int_equal(status, 0);
    assert_int_equal(
        keyfiles_read(folder->path, &folder->zone, folder->arena, folder->diag, &files), STATUS_OK);
    assert_int_equal(files.count, 30);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_FOLDER(a_missing_folder_has_no_keys),
        WITH_FOLDER(generated_keys_are_read_back),
        WITH_FOLDER(folder_and_files_are_closed_to_others),
        WITH_FOLDER(the_tag_is_that_of_ldns),
        WITH_FOLDER(a_tag_that_is_in_the_folder_is_not_given_again),
        WITH_FOLDER(keys_of_bind_and_ldns_are_read),
        WITH_FOLDER(keys_of_other_zones_are_left_alone),
        cmocka_unit_test(each_thing_wrong_with_a_pair_is_told),
        WITH_FOLDER(two_records_in_one_file_are_refused),
        WITH_FOLDER(one_bad_pair_does_not_hide_another),
        WITH_FOLDER(an_open_folder_is_refused),
        WITH_FOLDER(keys_of_another_account_are_refused),
        WITH_FOLDER(a_pair_is_imported_under_its_name),
        WITH_FOLDER(a_pair_is_imported_once),
        WITH_FOLDER(a_world_readable_key_is_not_imported),
        WITH_FOLDER(a_failed_write_leaves_nothing),
        WITH_FOLDER(a_removed_pair_is_kept_aside),
        WITH_FOLDER(names_of_files_cannot_leave_the_folder),
        WITH_FOLDER(the_root_has_keys_too),
        WITH_FOLDER(a_key_that_was_exchanged_since_is_not_loaded),
        WITH_FOLDER(nobody_sees_half_a_pair),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
