/*
 * Every allocation of one run fails, without a run for each: at each allocation the process forks,
 * in the child it fails and the child runs on to its end, the parent waits and goes on to the next.
 *
 *   FAULTS_EVERY=3     talks by descriptor 3, a socket; below
 *   FAULTS_FOLDER=F    all that the program works on, its working directory and its output included
 *   FAULTS_STEP=50     each fiftieth allocation only
 *
 * A child gets a copy of the folder, and of every file that is open: what it writes, maps and locks
 * is its own, LMDB's locks included. Its outcome is its exit and all that is in the copy; each that
 * was not seen before is told, and judged by whoever listens, before the run goes on:
 *
 *   outcome 17+ 256 /tmp/F-17    allocation 17 and all after it: status of waitpid(), and where
 *   end 4711 9422 12             of so many allocations so many faults had so many outcomes
 *
 * Any octet sent back lets it go on. Threads would not survive a fork(): here they are coroutines
 * of the main thread, which take turns where one waits for another.
 */
#include "tests/fault_parts/allocations.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define CHILD_SECONDS 60 /* a child that takes longer hangs: SIGALRM ends it */
#define MOST_SEEN     (1u << 18)
#define MOST_FILES    64
#define MOST_THREADS  16
#define STACK_OCTETS  (1u << 20)
#define PATH_OCTETS   4096
#define MAPS_OCTETS   (1u << 17)
#define THREAD_WORDS  512 /* of what glibc has for each thread */

/* An outcome: two sums of hashes, since folders are listed in any order. */
struct digest {
    uint64_t a, b;
};

/* A file that was open or mapped, and the descriptor of the child's copy. */
struct copied {
    dev_t device;
    ino_t inode;
    int fd;
};

static struct {
    int socket; /* 0: not asked for */
    char folder[PATH_OCTETS];
    unsigned long step;
    unsigned long faults;
    unsigned long outcomes;
    struct digest *seen;         /* MOST_SEEN */
    pid_t parent;                /* of a child; 0 in the first process */
    char temporary[PATH_OCTETS]; /* a folder that the first process has made elsewhere */
} every;

/* ---- a copy of the folder ---- */

typedef void visitor(void *state, int folder, const char *name, const struct stat *info);

/* Visits all that is in a folder, which is closed. */
static void visit(int folder, visitor *act, void *state)
{
    const struct dirent *item;
    struct stat info;

    DIR *list = folder >= 0 ? fdopendir(folder) : NULL;
    while (list != NULL && (item = readdir(list)) != NULL) {
        if (strcmp(item->d_name, ".") != 0 && strcmp(item->d_name, "..") != 0 &&
            fstatat(dirfd(list), item->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0)
            act(state, dirfd(list), item->d_name, &info);
    }
    if (list != NULL)
        closedir(list);
}

static int open_folder(int at, const char *name)
{
    return openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void copy_octets(int from, int to)
{
    static char octets[1 << 16];
    off_t at = 0;
    ssize_t got;

    while ((got = pread(from, octets, sizeof octets, at)) > 0) {
        (void)!pwrite(to, octets, (size_t)got, at);
        at += got;
    }
}

static void copy_one(void *state, int folder, const char *name, const struct stat *info)
{
    const int *to = state;

    if (S_ISDIR(info->st_mode)) {
        mkdirat(*to, name, 0700);
        int inner = open_folder(*to, name);
        visit(open_folder(folder, name), copy_one, &inner);
        fchmod(inner, info->st_mode & 07777);
        close(inner);
    } else if (S_ISREG(info->st_mode)) {
        int from = openat(folder, name, O_RDONLY | O_CLOEXEC);
        int copy = openat(*to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        copy_octets(from, copy);
        fchmod(copy, info->st_mode & 07777);
        futimens(copy, (const struct timespec[]){info->st_atim, info->st_mtim});
        close(copy);
        close(from);
    }
}

static void copy_folder(const char *to)
{
    mkdir(to, 0700);
    int folder = open_folder(AT_FDCWD, to);
    visit(open_folder(AT_FDCWD, every.folder), copy_one, &folder);
    close(folder);
}

static void remove_one(void *state, int folder, const char *name, const struct stat *info)
{
    (void)state;
    if (S_ISDIR(info->st_mode))
        visit(open_folder(folder, name), remove_one, NULL);
    unlinkat(folder, name, S_ISDIR(info->st_mode) ? AT_REMOVEDIR : 0);
}

static void remove_folder(const char *path)
{
    visit(open_folder(AT_FDCWD, path), remove_one, NULL);
    rmdir(path);
}

/* ---- what a child has open ---- */

/* Where a path into the folder leads in its copy. False for other paths. */
static bool moved(const char *path, const char *copy, char out[PATH_OCTETS])
{
    size_t length = strlen(every.folder);

    if (strncmp(path, every.folder, length) != 0 || (path[length] != '/' && path[length] != '\0'))
        return false;
    return snprintf(out, PATH_OCTETS, "%s%s", copy, path + length) < PATH_OCTETS;
}

static void read_to_the_end(int folder)
{
    char entries[4096];
    while (syscall(SYS_getdents64, folder, entries, sizeof entries) > 0)
        ;
}

/* A descriptor of the same file, or of its copy: with a position of its own. -1: is left shared. */
static int open_again(int fd, const struct stat *info, const char *copy)
{
    char link[64], path[PATH_OCTETS], there[PATH_OCTETS];
    int flags = fcntl(fd, F_GETFL) & ~(O_CREAT | O_EXCL | O_TRUNC | O_TMPFILE);

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    if (info->st_nlink == 0) {
        int fresh = memfd_create("copy", MFD_CLOEXEC);
        copy_octets(fd, fresh);
        return fresh;
    }
    return open(moved(path, copy, there) ? there : link, flags | O_CLOEXEC);
}

/* Puts the copy where the file was. The copy's descriptor stays, for maps. */
static int replace(int fd, const struct stat *info, const char *copy)
{
    off_t at = lseek(fd, 0, SEEK_CUR);
    int closes = fcntl(fd, F_GETFD);

    int fresh = open_again(fd, info, copy);
    if (fresh < 0)
        return -1;
    if (!S_ISDIR(info->st_mode))
        lseek(fresh, at, SEEK_SET);
    else if (at != 0)
        read_to_the_end(fresh); /* small folders are read at once, and positions differ */
    dup3(fresh, fd, (closes & FD_CLOEXEC) != 0 ? O_CLOEXEC : 0);
    close(fresh);
    return fd;
}

static size_t replace_all(const char *copy, struct copied *files)
{
    struct stat info;
    size_t count = 0;

    for (int fd = 0; fd < 256 && count < MOST_FILES; fd++) {
        if (fd == every.socket || fstat(fd, &info) != 0 ||
            (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)))
            continue;
        if (replace(fd, &info, copy) >= 0)
            files[count++] = (struct copied){info.st_dev, info.st_ino, fd};
    }
    return count;
}

/* Maps the copy of what a line of /proc/self/maps says is shared. */
static void map_again(const char *line, const struct copied *files, size_t count)
{
    unsigned long begin, end, offset, inode;
    unsigned major, minor;
    char rights[5];

    if (sscanf(line, "%lx-%lx %4s %lx %x:%x %lu", &begin, &end, rights, &offset, &major, &minor,
               &inode) != 7 ||
        rights[3] != 's')
        return;
    for (size_t i = 0; i < count; i++) {
        if (files[i].inode != inode)
            continue;
        int protection = (rights[0] == 'r' ? PROT_READ : 0) | (rights[1] == 'w' ? PROT_WRITE : 0);
        if (mmap((void *)begin, end - begin, protection, MAP_SHARED | MAP_FIXED, files[i].fd,
                 (off_t)offset) == MAP_FAILED)
            _exit(95);
        return;
    }
}

static void map_all(const struct copied *files, size_t count)
{
    static char text[MAPS_OCTETS];
    size_t length = 0;
    ssize_t got;

    int maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    while ((got = read(maps, text + length, sizeof text - 1 - length)) > 0)
        length += (size_t)got;
    close(maps);
    text[length] = '\0';
    for (char *line = text, *next; line != NULL && *line != '\0'; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        map_again(line, files, count);
    }
}

/*
 * Where glibc keeps the number of this thread: it stands in every lock that is held. A child lets
 * go of the locks that its parent held, so there it goes by its parent's number.
 */
static uint32_t *thread_number(void)
{
    uint32_t *words = (uint32_t *)pthread_self();

    for (size_t i = 0; i < THREAD_WORDS; i++)
        if (words[i] == (uint32_t)gettid())
            return &words[i];
    _exit(94);
}

/* Where a child was that a signal ends; SIGABRT comes as SIGSEGV, since abort() misses the thread.
 */
static void say_where(int signal, siginfo_t *info, void *context)
{
    void *callers[24];
    char line[80];

    (void)context;
    /* The child is lost already. NOLINTNEXTLINE(bugprone-signal-handler,cert-sig30-c) */
    int length = snprintf(line, sizeof line, "signal %d, code %d, address %p\n", signal,
                          info->si_code, info->si_addr);
    (void)!write(STDERR_FILENO, line, (size_t)length);
    /* NOLINTNEXTLINE(bugprone-signal-handler,cert-sig30-c) */
    backtrace_symbols_fd(callers, backtrace(callers, 24), STDERR_FILENO);
    _exit(128 + signal);
}

/* In a child: from here on all that it has is its own. */
static void move_to(const char *copy)
{
    struct copied files[MOST_FILES];
    char here[PATH_OCTETS], there[PATH_OCTETS];

    copy_folder(copy);
    size_t count = replace_all(copy, files);
    map_all(files, count);
    if (getcwd(here, sizeof here) != NULL && moved(here, copy, there) && chdir(there) != 0)
        _exit(99);
    close(every.socket);
    sigaction(SIGSEGV, &(struct sigaction){.sa_sigaction = say_where, .sa_flags = SA_SIGINFO},
              NULL);
    alarm(CHILD_SECONDS);
}

/* ---- what stays the first process's ---- */

/* For all of the program. */
char *mkdtemp(char *path)
{
    void *found = dlsym(RTLD_NEXT, "mkdtemp");
    char *(*make)(char *);

    memcpy(&make, &found, sizeof make); /* ISO C has no cast for it */
    char *made = make(path);

    if (made != NULL && every.parent == 0)
        snprintf(every.temporary, sizeof every.temporary, "%s", made);
    return made;
}

/* True where a child would take away what the first process still works with. */
static bool is_kept(const char *path)
{
    size_t length = strlen(every.temporary);

    return every.parent != 0 && length > 0 && strncmp(path, every.temporary, length) == 0;
}

int unlink(const char *path)
{
    return is_kept(path) ? 0 : (int)syscall(SYS_unlink, path);
}

int rmdir(const char *path)
{
    return is_kept(path) ? 0 : (int)syscall(SYS_rmdir, path);
}

/* ---- outcomes ---- */

static uint64_t mix(uint64_t sum, uint64_t more)
{
    sum = (sum ^ more) * 0x9e3779b97f4a7c15u;
    return sum ^ sum >> 29;
}

static struct digest hash(struct digest sum, const void *octets, size_t length)
{
    const uint8_t *at = octets;
    uint64_t word = 0;

    for (; length > 0; at += sizeof word) {
        size_t part = length < sizeof word ? length : sizeof word;
        word = 0;
        memcpy(&word, at, part);
        sum.a = mix(sum.a, word);
        sum.b = mix(sum.b + 0x632be59bd9b4e019u, word);
        length -= part;
    }
    return sum;
}

static void digest_one(void *state, int folder, const char *name, const struct stat *info)
{
    static char octets[1 << 16];
    struct digest *sum = state;
    struct digest file = hash((struct digest){1, 2}, name, strlen(name));
    ssize_t got;

    if (S_ISDIR(info->st_mode)) {
        visit(open_folder(folder, name), digest_one, &file);
    } else if (strstr(name, "-lock") == NULL) { /* which is of no account when nobody has it open */
        int from = openat(folder, name, O_RDONLY | O_CLOEXEC);
        while ((got = read(from, octets, sizeof octets)) > 0)
            file = hash(file, octets, (size_t)got);
        close(from);
    }
    sum->a += file.a;
    sum->b += file.b;
}

/* True when an outcome was seen before; it is from now on. */
static bool is_known(struct digest digest)
{
    for (size_t i = digest.a % MOST_SEEN;; i = (i + 1) % MOST_SEEN) {
        struct digest *seen = &every.seen[i];
        if (seen->a == digest.a && seen->b == digest.b)
            return true;
        if (seen->a == 0 && seen->b == 0) {
            if (every.outcomes < MOST_SEEN - 1) { /* else it is told again */
                *seen = digest;
                every.outcomes++;
            }
            return false;
        }
    }
}

/* Tells something and waits until it was taken note of. */
static void tell(const char *line)
{
    char octet;

    if (write(every.socket, line, strlen(line)) < 0 || read(every.socket, &octet, 1) != 1)
        _exit(98); /* nobody listens any more */
}

static void look_at(unsigned long number, const char *how, int status, const char *copy)
{
    struct digest digest = hash((struct digest){3, 4}, &status, sizeof status);
    char line[PATH_OCTETS + 64];

    every.faults++;
    visit(open_folder(AT_FDCWD, copy), digest_one, &digest);
    if (!is_known(digest)) {
        snprintf(line, sizeof line, "outcome %lu%s %d %s\n", number, how, status, copy);
        tell(line);
    }
    remove_folder(copy);
}

/* ---- what allocations.c calls ---- */

bool every_begin(void)
{
    const char *socket = getenv("FAULTS_EVERY");
    const char *folder = getenv("FAULTS_FOLDER");
    const char *step = getenv("FAULTS_STEP");

    void *none[1];
    backtrace(none, 1); /* loads what it needs now */
    if (socket == NULL || folder == NULL || realpath(folder, every.folder) == NULL)
        return false;
    every.step = step != NULL ? strtoul(step, NULL, 10) : 1;
    every.seen = mmap(NULL, MOST_SEEN * sizeof *every.seen, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (every.seen == MAP_FAILED)
        _exit(97);
    every.socket = (int)strtol(socket, NULL, 10);
    fcntl(every.socket, F_SETFD, FD_CLOEXEC);
    return true;
}

bool every_try(unsigned long number)
{
    char copy[PATH_OCTETS + 32];
    int error = errno;
    int status;

    if (every.socket == 0 || every.parent != 0 || number % every.step != 0)
        return false;
    allocations_count(false);
    for (int from = 0; from < 2; from++) {
        const char *how = from == 1 ? "+" : "";
        snprintf(copy, sizeof copy, "%s-%lu", every.folder, number);
        pid_t self = getpid();
        pid_t child = _Fork();
        if (child == 0) {
            every.parent = self;
            *thread_number() = (uint32_t)self;
            move_to(copy);
            allocations_fail(number, from == 1);
            allocations_count(true);
            return true;
        }
        while (child < 0 || waitpid(child, &status, 0) != child)
            if (child < 0 || errno != EINTR)
                _exit(96);
        look_at(number, how, status, copy);
    }
    allocations_count(true);
    errno = error;
    return false;
}

void every_end(unsigned long total)
{
    char line[96];

    if (every.socket == 0 || every.parent != 0)
        return;
    snprintf(line, sizeof line, "end %lu %lu %lu\n", total, every.faults, every.outcomes);
    tell(line);
}

/* ---- threads that take turns ---- */

typedef void *thread_main(void *argument);

struct thread {
    ucontext_t context;
    thread_main *run;
    void *argument;
    void *storage; /* of what the loader has for each thread */
    bool done;
};

/* The main thread is the first. */
static struct thread threads[MOST_THREADS];
static size_t thread_count = 1;
static size_t current;

/* The next that is not done has its turn. */
static void give_way(void)
{
    size_t self = current;

    do
        current = (current + 1) % thread_count;
    while (threads[current].done);
    if (current != self)
        swapcontext(&threads[self].context, &threads[current].context);
}

static void run_thread(void)
{
    struct thread *thread = &threads[current];

    thread->run(thread->argument);
    thread->done = true;
    give_way(); /* and never comes back */
}

int pthread_create(pthread_t *out, const pthread_attr_t *attributes, thread_main *run,
                   void *argument)
{
    struct thread *thread = &threads[thread_count];

    (void)attributes;
    if (thread_count == MOST_THREADS || (thread->storage = calloc(1, 272)) == NULL)
        return EAGAIN;
    void *stack =
        mmap(NULL, STACK_OCTETS, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack == MAP_FAILED)
        return EAGAIN;
    getcontext(&thread->context);
    thread->context.uc_stack.ss_sp = stack;
    thread->context.uc_stack.ss_size = STACK_OCTETS;
    thread->run = run;
    thread->argument = argument;
    makecontext(&thread->context, run_thread, 0);
    *out = (pthread_t)thread_count++;
    return 0;
}

int pthread_join(pthread_t which, void **result)
{
    (void)result;
    while (!threads[which].done)
        give_way();
    free(threads[which].storage);
    return 0;
}

int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
    (void)condition;
    pthread_mutex_unlock(mutex);
    give_way(); /* and back, for no reason: who waits looks again */
    pthread_mutex_lock(mutex);
    return 0;
}
