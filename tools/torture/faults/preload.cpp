// Calls of the C library that fail on demand: preloaded (LD_PRELOAD) into a process that a campaign
// makes. Nothing fails before `fault_arm`.
//
// Calls of the kinds that may fail take turns; the one whose turn it is fails with an error number,
// or, when that is 0, does half of what it was asked for. "For good" has all later ones fail too,
// until `fault_heal`. Calls of all kinds are counted.
//
// Linux only, for libraries that were built with or without large-file names.

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

enum Kind : unsigned {
  kOpen = 1,       // open a file that is there
  kCreate = 2,     // open one that may have to be made
  kRead = 4,       // read, pread
  kWrite = 8,      // write, pwrite, writev
  kSync = 16,      // fsync, fdatasync, msync
  kLength = 32,    // ftruncate, truncate, posix_fallocate
  kNames = 64,     // rename, link, unlink, mkdir, rmdir, chmod
  kLook = 128,     // stat, statvfs, opendir, readdir, lseek
  kLock = 256,     // flock, fcntl
  kMap = 512,      // mmap of a file
  kMemory = 1024,  // operator new, which is how C++ asks for memory
};

std::atomic<bool> armed{false};
std::atomic<long> turns{0};    // calls of the kinds that may fail
std::atomic<long> counts[11];  // of each kind
long wanted = 0;
int error_number = 0;
unsigned kinds = 0;
bool for_good = false;

// Whether this call is to fail; errno is set then.
bool fails(Kind kind) {
  if (!armed.load()) return false;
  ++counts[__builtin_ctz(kind)];
  if (!(kinds & kind)) return false;
  const long number = ++turns;
  if (wanted == 0 || number < wanted || (number > wanted && !for_good)) return false;
  errno = error_number;
  return true;
}

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

#define NEXT(name) static auto real = next<decltype(&name)>(#name)
// A call that fails is not made at all.
#define REFUSE(kind, value) \
  if (fails(kind)) return value

extern "C" {

// From now on the `nth` call (from 1; 0: none) of these kinds fails.
void fault_arm(long nth, int error, unsigned of_kinds, int stays) {
  wanted = nth;
  error_number = error;
  kinds = of_kinds;
  for_good = stays != 0;
  turns = 0;
  for (auto& count : counts) count = 0;
  armed = true;
}

// Nothing fails any more; calls are still counted.
void fault_heal() { wanted = 0; }

// The end.
void fault_disarm() { armed = false; }

// How many calls there were of the kind 1 << `bit`.
long fault_count(int bit) { return counts[bit]; }

#define OPEN(name)                                                            \
  int name(const char* path, int flags, ...) {                                \
    NEXT(name);                                                               \
    va_list rest;                                                             \
    va_start(rest, flags);                                                    \
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0; \
    va_end(rest);                                                             \
    REFUSE((flags & O_CREAT) ? kCreate : kOpen, -1);                          \
    return real(path, flags, mode);                                           \
  }
OPEN(open)
OPEN(open64)

#define SYNC(name)     \
  int name(int fd) {   \
    NEXT(name);        \
    REFUSE(kSync, -1); \
    return real(fd);   \
  }
SYNC(fsync)
SYNC(fdatasync)

int msync(void* at, size_t length, int flags) {
  NEXT(msync);
  REFUSE(kSync, -1);
  return real(at, length, flags);
}

// With error 0, half of it is done.
ssize_t write(int fd, const void* data, size_t size) {
  NEXT(write);
  if (fails(kWrite)) return error_number ? -1 : real(fd, data, size / 2);
  return real(fd, data, size);
}

#define PWRITE(name, offset_type)                                               \
  ssize_t name(int fd, const void* data, size_t size, offset_type at) {         \
    NEXT(name);                                                                 \
    if (fails(kWrite)) return error_number ? -1 : real(fd, data, size / 2, at); \
    return real(fd, data, size, at);                                            \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t writev(int fd, const struct iovec* parts, int count) {
  NEXT(writev);
  if (fails(kWrite)) {
    if (error_number) return -1;
    iovec half = parts[0];
    half.iov_len = count > 1 ? half.iov_len : half.iov_len / 2;
    return real(fd, &half, 1);
  }
  return real(fd, parts, count);
}

ssize_t read(int fd, void* data, size_t size) {
  NEXT(read);
  REFUSE(kRead, -1);
  return real(fd, data, size);
}

#define PREAD(name, offset_type)                                  \
  ssize_t name(int fd, void* data, size_t size, offset_type at) { \
    NEXT(name);                                                   \
    REFUSE(kRead, -1);                                            \
    return real(fd, data, size, at);                              \
  }
PREAD(pread, off_t)
PREAD(pread64, off64_t)

#define FTRUNCATE(name, offset_type)     \
  int name(int fd, offset_type length) { \
    NEXT(name);                          \
    REFUSE(kLength, -1);                 \
    return real(fd, length);             \
  }
FTRUNCATE(ftruncate, off_t)
FTRUNCATE(ftruncate64, off64_t)

#define TRUNCATE(name, offset_type)                \
  int name(const char* path, offset_type length) { \
    NEXT(name);                                    \
    REFUSE(kLength, -1);                           \
    return real(path, length);                     \
  }
TRUNCATE(truncate, off_t)
TRUNCATE(truncate64, off64_t)

// Returns the error number.
#define FALLOCATE(name, offset_type)                     \
  int name(int fd, offset_type at, offset_type length) { \
    NEXT(name);                                          \
    REFUSE(kLength, error_number);                       \
    return real(fd, at, length);                         \
  }
FALLOCATE(posix_fallocate, off_t)
FALLOCATE(posix_fallocate64, off64_t)

#define PATHS(name)                            \
  int name(const char* from, const char* to) { \
    NEXT(name);                                \
    REFUSE(kNames, -1);                        \
    return real(from, to);                     \
  }
PATHS(rename)
PATHS(link)

#define PATH(name)             \
  int name(const char* path) { \
    NEXT(name);                \
    REFUSE(kNames, -1);        \
    return real(path);         \
  }
PATH(unlink)
PATH(rmdir)

#define MODE(name)                          \
  int name(const char* path, mode_t mode) { \
    NEXT(name);                             \
    REFUSE(kNames, -1);                     \
    return real(path, mode);                \
  }
MODE(mkdir)
MODE(chmod)

#define STAT(name, type)                     \
  int name(const char* path, type* status) { \
    NEXT(name);                              \
    REFUSE(kLook, -1);                       \
    return real(path, status);               \
  }
STAT(stat, struct stat)
STAT(stat64, struct stat64)
STAT(lstat, struct stat)
STAT(lstat64, struct stat64)
STAT(statvfs, struct statvfs)
STAT(statvfs64, struct statvfs64)

#define FSTAT(name, type)          \
  int name(int fd, type* status) { \
    NEXT(name);                    \
    REFUSE(kLook, -1);             \
    return real(fd, status);       \
  }
FSTAT(fstat, struct stat)
FSTAT(fstat64, struct stat64)

#define OLD_FSTAT(name, type)                   \
  int name(int version, int fd, type* status) { \
    NEXT(name);                                 \
    REFUSE(kLook, -1);                          \
    return real(version, fd, status);           \
  }
int __fxstat(int version, int fd, struct stat* status);
int __fxstat64(int version, int fd, struct stat64* status);
OLD_FSTAT(__fxstat, struct stat)
OLD_FSTAT(__fxstat64, struct stat64)

#define SEEK(name, offset_type)                                   \
  offset_type name(int fd, offset_type at, int whence) noexcept { \
    NEXT(name);                                                   \
    REFUSE(kLook, -1);                                            \
    return real(fd, at, whence);                                  \
  }
SEEK(lseek, off_t)
SEEK(lseek64, off64_t)

DIR* opendir(const char* path) {
  NEXT(opendir);
  REFUSE(kLook, nullptr);
  return real(path);
}

int flock(int fd, int operation) {
  NEXT(flock);
  REFUSE(kLock, -1);
  return real(fd, operation);
}

#define FCNTL(name)                                                        \
  int name(int fd, int command, ...) {                                     \
    NEXT(name);                                                            \
    va_list rest;                                                          \
    va_start(rest, command);                                               \
    void* argument = va_arg(rest, void*);                                  \
    va_end(rest);                                                          \
    if (command == F_SETLK || command == F_SETLKW || command == F_GETLK) { \
      REFUSE(kLock, -1);                                                   \
    }                                                                      \
    return real(fd, command, argument);                                    \
  }
FCNTL(fcntl)
FCNTL(fcntl64)

#define MAP(name, offset_type)                                                               \
  void* name(void* at, size_t length, int protection, int flags, int fd, offset_type from) { \
    NEXT(name);                                                                              \
    if (fd >= 0) {                                                                           \
      REFUSE(kMap, MAP_FAILED);                                                              \
    }                                                                                        \
    return real(at, length, protection, flags, fd, from);                                    \
  }
MAP(mmap, off_t)
MAP(mmap64, off64_t)

}  // extern "C"

// All other forms of it end in these two; operator delete is free() for both. Requests of up to 32
// bytes never fail: nanobind makes such, where an exception would end the process, for each object
// that it hands to Python.
void* operator new(size_t size) {
  void* const made = size > 32 && fails(kMemory) ? nullptr : std::malloc(size ? size : 1);
  if (made == nullptr) throw std::bad_alloc();
  return made;
}

void* operator new(size_t size, std::align_val_t alignment) {
  void* made = nullptr;
  if (fails(kMemory) || posix_memalign(&made, static_cast<size_t>(alignment), size ? size : 1) != 0)
    throw std::bad_alloc();
  return made;
}
