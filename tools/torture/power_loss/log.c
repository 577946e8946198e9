/* Logs, in order, every call of a process that changes a file or directory below one directory.
 *
 * Preloaded. VDB_LOG names the log, VDB_LOG_ROOT the directory. Each call is done and logged under
 * one mutex, so that the order of the log is the order of the calls. Nothing is ever flushed below
 * the directory: the reader of the log decides what would have been lost. With VDB_LOG_UNSYNCED
 * set, flushes are not even logged.
 *
 * A record is a header and `length` bytes; log.py reads them. Files are told apart by inode; an
 * inode that goes out of use is kept open, so that its number is not used again.
 */

#define _GNU_SOURCE
#undef _FILE_OFFSET_BITS
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WRITE = 1, RESIZE, SYNC, CREATE, MKDIR, RENAME, LINK, UNLINK, UNKNOWN };

struct header {
    uint32_t call, synced; /* WRITE through a descriptor that flushes what it writes */
    uint64_t inode;
    int64_t offset; /* WRITE: where; RESIZE: the new length */
    uint64_t length;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = -1, unsynced;
static char root[PATH_MAX];
static size_t root_length;

#define REAL(name) ((__typeof__(name) *)real(#name))

static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL) abort();
    return found;
}

static void put(const void *data, size_t length) {
    const char *at = data;
    while (length > 0) {
        ssize_t n = REAL(write)(log_fd, at, length);
        if (n <= 0) abort();
        at += n;
        length -= (size_t)n;
    }
}

static void put_record(uint32_t call, int synced, uint64_t inode, int64_t offset, const void *data,
                       size_t length) {
    struct header header = {call, (uint32_t)synced, inode, offset, length};
    put(&header, sizeof header);
    put(data, length);
}

__attribute__((constructor)) static void begin(void) {
    const char *log = getenv("VDB_LOG"), *where = getenv("VDB_LOG_ROOT");
    if (log == NULL || where == NULL || realpath(where, root) == NULL) return;
    root_length = strlen(root);
    unsynced = getenv("VDB_LOG_UNSYNCED") != NULL;
    log_fd = REAL(open)(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    struct stat status;
    if (log_fd < 0 || stat(root, &status) != 0) abort();
    put_record(MKDIR, 0, status.st_ino, 0, "", 0);
}

/* The path relative to the root, or NULL where it does not lie below it. */
static const char *below(const char *path) {
    if (log_fd < 0 || strncmp(path, root, root_length) != 0 || path[root_length] != '/')
        return NULL;
    return path + root_length + 1;
}

static const char *absolute(int dir, const char *path, char buffer[PATH_MAX]) {
    if (log_fd < 0) return NULL;
    static const char by_descriptor[] = "/proc/self/fd/";
    if (strncmp(path, by_descriptor, sizeof by_descriptor - 1) == 0) {
        char *rest;
        dir = (int)strtol(path + sizeof by_descriptor - 1, &rest, 10);
        path = *rest == '/' ? rest + 1 : rest;
    }
    if (path[0] == '/') return below(path);
    char at[64], where[PATH_MAX];
    snprintf(at, sizeof at, dir == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", dir);
    ssize_t n = readlink(at, where, sizeof where - 1);
    if (n < 0) return NULL;
    where[n] = 0;
    if (snprintf(buffer, PATH_MAX, "%s/%s", where, path) >= PATH_MAX) abort();
    return below(buffer);
}

/* The inode of a descriptor of something below the root (or the root), or 0. */
static uint64_t watched(int fd) {
    if (log_fd < 0) return 0;
    char at[64], path[PATH_MAX];
    snprintf(at, sizeof at, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(at, path, sizeof path - 1);
    if (n < 0) return 0;
    path[n] = 0;
    if (strcmp(path, root) != 0 && below(path) == NULL) return 0;
    struct stat status;
    return fstat(fd, &status) == 0 ? status.st_ino : 0;
}

static int is_synced(int fd) {
    int flags = fcntl(fd, F_GETFL);
    return !unsynced && flags >= 0 && (flags & O_DSYNC) != 0;
}

/* Data */

static void log_write(int fd, uint64_t inode, int64_t offset, const struct iovec *parts, int count,
                      ssize_t written) {
    if (written <= 0) return;
    struct header header = {WRITE, (uint32_t)is_synced(fd), inode, offset, (uint64_t)written};
    put(&header, sizeof header);
    size_t left = (size_t)written;
    for (int i = 0; i < count && left > 0; i++) {
        size_t some = parts[i].iov_len < left ? parts[i].iov_len : left;
        put(parts[i].iov_base, some);
        left -= some;
    }
}

static ssize_t logged_writev(int fd, const struct iovec *parts, int count, int64_t offset) {
    uint64_t inode = watched(fd);
    if (inode == 0)
        return offset < 0 ? REAL(writev)(fd, parts, count) : REAL(pwritev)(fd, parts, count, offset);
    pthread_mutex_lock(&mutex);
    ssize_t n =
        offset < 0 ? REAL(writev)(fd, parts, count) : REAL(pwritev)(fd, parts, count, offset);
    int error = errno;
    if (offset < 0 && n > 0) offset = lseek(fd, 0, SEEK_CUR) - n;
    log_write(fd, inode, offset, parts, count, n);
    pthread_mutex_unlock(&mutex);
    errno = error;
    return n;
}

ssize_t write(int fd, const void *data, size_t length) {
    if (log_fd < 0 || watched(fd) == 0) return REAL(write)(fd, data, length);
    struct iovec part = {(void *)data, length};
    return logged_writev(fd, &part, 1, -1);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    return logged_writev(fd, parts, count, -1);
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) {
    struct iovec part = {(void *)data, length};
    return logged_writev(fd, &part, 1, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
    return pwrite(fd, data, length, offset);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
    return logged_writev(fd, parts, count, offset);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
    return logged_writev(fd, parts, count, offset);
}

int ftruncate(int fd, off_t length) {
    uint64_t inode = watched(fd);
    pthread_mutex_lock(&mutex);
    int result = REAL(ftruncate)(fd, length);
    if (inode != 0 && result == 0) put_record(RESIZE, 0, inode, length, "", 0);
    pthread_mutex_unlock(&mutex);
    return result;
}

int ftruncate64(int fd, off64_t length) { return ftruncate(fd, length); }

int truncate(const char *path, off_t length) {
    struct stat status;
    char buffer[PATH_MAX];
    const char *inside = absolute(AT_FDCWD, path, buffer);
    pthread_mutex_lock(&mutex);
    int result = REAL(truncate)(path, length);
    if (inside != NULL && result == 0 && stat(path, &status) == 0)
        put_record(RESIZE, 0, status.st_ino, length, "", 0);
    pthread_mutex_unlock(&mutex);
    return result;
}

int truncate64(const char *path, off64_t length) { return truncate(path, length); }

static int logged_sync(int fd, int (*flush)(int)) {
    uint64_t inode = watched(fd);
    if (inode == 0) return flush(fd);
    pthread_mutex_lock(&mutex);
    if (!unsynced) put_record(SYNC, 0, inode, 0, "", 0);
    pthread_mutex_unlock(&mutex);
    return 0;
}

int fsync(int fd) { return logged_sync(fd, REAL(fsync)); }

int fdatasync(int fd) { return logged_sync(fd, REAL(fdatasync)); }

/* What a map holds cannot be followed here. That it was used is logged, and refused by the reader. */
int msync(void *address, size_t length, int flags) {
    pthread_mutex_lock(&mutex);
    if (log_fd >= 0) put_record(UNKNOWN, 0, 0, 0, "msync", 5);
    pthread_mutex_unlock(&mutex);
    return REAL(msync)(address, length, flags);
}

/* Names */

static void log_names(uint32_t call, uint64_t inode, const char *name, const char *other) {
    char both[2 * PATH_MAX];
    size_t length = strlen(name) + 1;
    memcpy(both, name, length);
    if (other != NULL) {
        strcpy(both + length, other);
        length += strlen(other) + 1;
    }
    put_record(call, 0, inode, 0, both, length);
}

static void keep_inode(int dir, const char *path) {
    (void)!REAL(openat)(dir, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

static int logged_open(int dir, const char *path, int flags, mode_t mode) {
    char buffer[PATH_MAX];
    const char *inside = (flags & O_CREAT) != 0 || (flags & O_TRUNC) != 0
                             ? absolute(dir, path, buffer)
                             : NULL;
    if (inside == NULL) return REAL(openat)(dir, path, flags, mode);
    pthread_mutex_lock(&mutex);
    struct stat before, status;
    int existed = fstatat(dir, path, &before, 0) == 0;
    int fd = REAL(openat)(dir, path, flags, mode), error = errno;
    if (fd >= 0 && fstat(fd, &status) == 0) {
        if (!existed)
            log_names(CREATE, status.st_ino, inside, NULL);
        else if ((flags & O_TRUNC) != 0 && before.st_size > 0)
            put_record(RESIZE, 0, status.st_ino, 0, "", 0);
    }
    pthread_mutex_unlock(&mutex);
    errno = error;
    return fd;
}

#define MODE(flags, last)                      \
    mode_t mode = 0;                           \
    if (((flags) & (O_CREAT | O_TMPFILE)) != 0) { \
        va_list list;                          \
        va_start(list, last);                  \
        mode = va_arg(list, mode_t);           \
        va_end(list);                          \
    }

int open(const char *path, int flags, ...) {
    MODE(flags, flags)
    return logged_open(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    MODE(flags, flags)
    return logged_open(AT_FDCWD, path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...) {
    MODE(flags, flags)
    return logged_open(dir, path, flags, mode);
}

int openat64(int dir, const char *path, int flags, ...) {
    MODE(flags, flags)
    return logged_open(dir, path, flags, mode);
}

int mkdirat(int dir, const char *path, mode_t mode) {
    char buffer[PATH_MAX];
    const char *inside = absolute(dir, path, buffer);
    struct stat status;
    pthread_mutex_lock(&mutex);
    int result = REAL(mkdirat)(dir, path, mode), error = errno;
    if (inside != NULL && result == 0 && fstatat(dir, path, &status, 0) == 0)
        log_names(MKDIR, status.st_ino, inside, NULL);
    pthread_mutex_unlock(&mutex);
    errno = error;
    return result;
}

int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

int renameat(int from_dir, const char *from, int to_dir, const char *to) {
    char from_buffer[PATH_MAX], to_buffer[PATH_MAX];
    const char *inside = absolute(from_dir, from, from_buffer);
    const char *target = absolute(to_dir, to, to_buffer);
    pthread_mutex_lock(&mutex);
    if (target != NULL) keep_inode(to_dir, to);
    int result = REAL(renameat)(from_dir, from, to_dir, to), error = errno;
    if (result == 0 && inside != NULL && target != NULL) log_names(RENAME, 0, inside, target);
    if (result == 0 && (inside == NULL) != (target == NULL))
        put_record(UNKNOWN, 0, 0, 0, "rename", 6);
    pthread_mutex_unlock(&mutex);
    errno = error;
    return result;
}

int rename(const char *from, const char *to) { return renameat(AT_FDCWD, from, AT_FDCWD, to); }

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags) {
    char from_buffer[PATH_MAX], to_buffer[PATH_MAX];
    const char *inside = absolute(from_dir, from, from_buffer);
    const char *target = absolute(to_dir, to, to_buffer);
    pthread_mutex_lock(&mutex);
    int result = REAL(linkat)(from_dir, from, to_dir, to, flags), error = errno;
    if (result == 0 && inside != NULL && target != NULL) log_names(LINK, 0, inside, target);
    pthread_mutex_unlock(&mutex);
    errno = error;
    return result;
}

int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

int unlinkat(int dir, const char *path, int flags) {
    char buffer[PATH_MAX];
    const char *inside = absolute(dir, path, buffer);
    pthread_mutex_lock(&mutex);
    if (inside != NULL) keep_inode(dir, path);
    int result = REAL(unlinkat)(dir, path, flags), error = errno;
    if (result == 0 && inside != NULL) log_names(UNLINK, 0, inside, NULL);
    pthread_mutex_unlock(&mutex);
    errno = error;
    return result;
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }

int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }
