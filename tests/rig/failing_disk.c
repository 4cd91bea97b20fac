/* A disk that fills or turns read-only at a moment that a test chooses, for the processes that preload this.
 *
 * FAILING_DISK is the folder that stands for the disk; FAILING_DISK_CONTROL a file that is shared with
 * `failing_disk.py`:
 *
 *   disk    0 well, 1 full, 2 read-only, from the moment on when `left` is used up
 *   left    so many more writes succeed
 *   synced  so long was a database's log when it was last known to be on the disk
 *
 * Full: no file grows, but what is there can be written over and an empty one made, as on ext4. Read-only:
 * nothing at all, also by a descriptor that was opened before, as when the kernel gives up a broken SD card.
 *
 * gcc -O2 -Wall -Werror -shared -fPIC -o failing_disk.so failing_disk.c -ldl
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { WELL, FULL, READ_ONLY };

typedef struct {
    int64_t disk;
    int64_t left;
    int64_t synced;
} disk_t;

static disk_t none;
static disk_t *control = &none;
static char folder[PATH_MAX];

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void find_control(void)
{
    const char *path = getenv("FAILING_DISK_CONTROL"), *disk = getenv("FAILING_DISK");
    int file = path ? REAL(open)(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0 || !disk)
        return;
    snprintf(folder, sizeof folder, "%s/", disk);
    void *mapped = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mapped != MAP_FAILED)
        control = mapped;
    close(file);
}

static int on_disk(const char *path)
{
    return strncmp(path, folder, strlen(folder)) == 0;
}

static int fails(void)
{
    return control->disk != WELL && __atomic_sub_fetch(&control->left, 1, __ATOMIC_SEQ_CST) < 0;
}

static int refuse(void)
{
    errno = control->disk == FULL ? ENOSPC : EROFS;
    return -1;
}

/* A name costs a full disk nothing. */
static int path_fails(const char *path)
{
    return control->disk == READ_ONLY && on_disk(path) && fails();
}

/* The path of an open regular file on the disk; NULL of another. */
static const char *path_of(int fd, struct stat *found)
{
    static __thread char path[PATH_MAX];
    char link[64];
    if (fstat(fd, found) || !S_ISREG(found->st_mode))
        return NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return NULL;
    path[length] = 0;
    return on_disk(path) ? path : NULL;
}

static int file_fails(int fd, int64_t end)
{
    struct stat found;
    if (control->disk == WELL || !path_of(fd, &found) || (control->disk == FULL && end <= found.st_size))
        return 0;
    return fails();
}

static int64_t end_of(int fd, size_t count)
{
    int flags = fcntl(fd, F_GETFL);
    off_t at = lseek(fd, 0, flags & O_APPEND ? SEEK_END : SEEK_CUR);
    return at + (int64_t)count;
}

ssize_t write(int fd, const void *bytes, size_t count)
{
    if (control->disk != WELL && file_fails(fd, end_of(fd, count)))
        return refuse();
    return REAL(write)(fd, bytes, count);
}

ssize_t writev(int fd, const struct iovec *pieces, int count)
{
    if (control->disk != WELL && file_fails(fd, INT64_MAX))
        return refuse();
    return REAL(writev)(fd, pieces, count);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at)
{
    return file_fails(fd, at + (int64_t)count) ? refuse() : REAL(pwrite)(fd, bytes, count, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at)
{
    return file_fails(fd, at + (int64_t)count) ? refuse() : REAL(pwrite64)(fd, bytes, count, at);
}

int ftruncate(int fd, off_t length)
{
    return control->disk == READ_ONLY && file_fails(fd, INT64_MAX) ? refuse() : REAL(ftruncate)(fd, length);
}

int ftruncate64(int fd, off64_t length)
{
    return control->disk == READ_ONLY && file_fails(fd, INT64_MAX) ? refuse() : REAL(ftruncate64)(fd, length);
}

int posix_fallocate(int fd, off_t at, off_t length)
{
    return file_fails(fd, at + length) ? (refuse(), errno) : REAL(posix_fallocate)(fd, at, length);
}

static int synced(int fd, int (*sync)(int))
{
    struct stat found;
    if (control->disk == READ_ONLY && file_fails(fd, INT64_MAX))
        return refuse();
    const char *path = path_of(fd, &found), *ending = path ? strrchr(path, '-') : NULL;
    int failed = sync(fd);
    if (!failed && ending && !strcmp(ending, "-wal"))
        control->synced = found.st_size;
    return failed;
}

int fsync(int fd)
{
    return synced(fd, REAL(fsync));
}

int fdatasync(int fd)
{
    return synced(fd, REAL(fdatasync));
}

static int opening_fails(const char *path, int flags)
{
    int writes = (flags & O_ACCMODE) != O_RDONLY || flags & (O_CREAT | O_TRUNC);
    return writes && path_fails(path);
}

#define OPEN(name)                                                      \
    int name(const char *path, int flags, ...)                          \
    {                                                                   \
        va_list rest;                                                   \
        va_start(rest, flags);                                          \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest);                                                   \
        return opening_fails(path, flags) ? refuse() : REAL(name)(path, flags, mode); \
    }

#define OPEN_AT(name)                                                   \
    int name(int at, const char *path, int flags, ...)                  \
    {                                                                   \
        va_list rest;                                                   \
        va_start(rest, flags);                                          \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest);                                                   \
        return opening_fails(path, flags) ? refuse() : REAL(name)(at, path, flags, mode); \
    }

OPEN(open)
OPEN(open64)
OPEN_AT(openat)
OPEN_AT(openat64)

int rename(const char *from, const char *to)
{
    return path_fails(to) ? refuse() : REAL(rename)(from, to);
}

int renameat(int from_at, const char *from, int to_at, const char *to)
{
    return path_fails(to) ? refuse() : REAL(renameat)(from_at, from, to_at, to);
}

int link(const char *from, const char *to)
{
    return path_fails(to) ? refuse() : REAL(link)(from, to);
}

int symlink(const char *from, const char *to)
{
    return path_fails(to) ? refuse() : REAL(symlink)(from, to);
}

int unlink(const char *path)
{
    return path_fails(path) ? refuse() : REAL(unlink)(path);
}

int unlinkat(int at, const char *path, int flags)
{
    return path_fails(path) ? refuse() : REAL(unlinkat)(at, path, flags);
}

int mkdir(const char *path, mode_t mode)
{
    int needs_room = control->disk == FULL && on_disk(path) && access(path, F_OK);
    return (needs_room ? fails() : path_fails(path)) ? refuse() : REAL(mkdir)(path, mode);
}

int rmdir(const char *path)
{
    return path_fails(path) ? refuse() : REAL(rmdir)(path);
}

int chmod(const char *path, mode_t mode)
{
    return path_fails(path) ? refuse() : REAL(chmod)(path, mode);
}

int utimensat(int at, const char *path, const struct timespec times[2], int flags)
{
    return path && path_fails(path) ? refuse() : REAL(utimensat)(at, path, times, flags);
}

int bind(int fd, const struct sockaddr *address, socklen_t length)
{
    const char *path = ((const struct sockaddr_un *)address)->sun_path;
    if (address->sa_family == AF_UNIX && length > sizeof address->sa_family && path_fails(path))
        return refuse();
    return REAL(bind)(fd, address, length);
}
