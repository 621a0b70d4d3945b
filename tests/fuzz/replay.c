/*
 * Runs inputs that are kept: `replay TARGET PATH…`, files and folders of files. Ends with the first
 * input that breaks something, and says which.
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define INPUT_OCTETS (1u << 20)
#define PATH_OCTETS  4096

static const struct fuzz_target *const targets[] = {
    &fuzz_config, &fuzz_contacts, &fuzz_control, &fuzz_database, &fuzz_edns, &fuzz_reply,
    &fuzz_secret, &fuzz_service,  &fuzz_stored,  &fuzz_tcp,      &fuzz_tls,  &fuzz_transfer,
    &fuzz_tsig,   &fuzz_udp,      &fuzz_wire,    &fuzz_zonefile};

/* Shared with the parent, which says where it happened however the child ended. */
static char *current;

static size_t run_file(const struct fuzz_target *target, const char *path)
{
    static uint8_t octets[INPUT_OCTETS];
    FILE *in = fopen(path, "rb");

    snprintf(current, PATH_OCTETS, "%s", path);
    if (!in) {
        perror(path);
        exit(1);
    }
    size_t length = fread(octets, 1, sizeof octets, in);
    fclose(in);
    target->run(octets, length);
    return 1;
}

static size_t run_path(const struct fuzz_target *target, const char *path)
{
    char file[PATH_OCTETS];
    size_t count = 0;
    DIR *folder = opendir(path);

    if (!folder)
        return run_file(target, path);
    for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        count += run_file(target, file);
    }
    closedir(folder);
    return count;
}

static int run_all(const struct fuzz_target *target, char **paths, int count)
{
    size_t inputs = 0;
    for (int n = 0; n < count; n++)
        inputs += run_path(target, paths[n]);
    printf("%s: %zu inputs\n", target->name, inputs);
    return inputs > 0 ? 0 : 1;
}

/* In a child, so that no sanitizer, signal or exit keeps the input's name from being told. */
static int watch(const struct fuzz_target *target, char **paths, int count)
{
    int status = 1;

    current = mmap(NULL, PATH_OCTETS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (current == MAP_FAILED)
        return 1;
    pid_t child = fork();
    if (child == 0)
        exit(run_all(target, paths, count));
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        fprintf(stderr, "%s: the input was %s\n", target->name, current);
    return status == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 2 && i < sizeof targets / sizeof *targets; i++)
        if (strcmp(targets[i]->name, argv[1]) == 0)
            return watch(targets[i], argv + 2, argc - 2);
    fprintf(stderr, "usage: replay TARGET PATH...\n");
    return 64;
}
