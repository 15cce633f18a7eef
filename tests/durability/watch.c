/*
 * Preloaded into a server: writes down, in the order in which they happen, what it syncs to disk and what it sends.
 *
 * Each line of the file WATCH_LOG is one of
 *   W <mark>   a mark was written into the store's log
 *   S          the store's log was synced: the call has returned
 *   O <mark>   a mark is about to be sent to somebody
 * A mark is "mark-" and eight digits. While the file WATCH_FAIL exists, each sync of the store's log fails with EIO.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define MARK_PREFIX "mark-"
#define MARK_BYTES 13

static int log_fd(void) {
    static int fd = -1;
    if (fd < 0) {
        const char *path = getenv("WATCH_LOG");
        if (path != NULL) fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    }
    return fd;
}

static void note(const char *line, size_t size) {
    int saved = errno;
    /* By the system call itself, so that it is not watched. O_APPEND keeps lines of several threads whole. */
    if (log_fd() >= 0) syscall(SYS_write, log_fd(), line, size);
    errno = saved;
}

static void note_marks(char kind, const void *buffer, size_t size) {
    const char *at = buffer, *end = at + size;
    char line[MARK_BYTES + 3];
    while (end - at >= MARK_BYTES && (at = memmem(at, (size_t)(end - at), MARK_PREFIX, strlen(MARK_PREFIX))) != NULL) {
        if (end - at < MARK_BYTES) return;
        line[0] = kind;
        line[1] = ' ';
        memcpy(line + 2, at, MARK_BYTES);
        line[MARK_BYTES + 2] = '\n';
        note(line, sizeof line);
        at += MARK_BYTES;
    }
}

/* Whether it is the store's write-ahead log. */
static int is_store_log(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    return size > 4 && memcmp(path + size - 4, "-wal", 4) == 0;
}

static int is_socket(int fd) {
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
}

static void watch_written(int fd, const void *buffer, size_t size) {
    if (is_store_log(fd)) note_marks('W', buffer, size);
    else if (is_socket(fd)) note_marks('O', buffer, size);
}

static int watch_sync(int fd, int (*sync_of)(int)) {
    if (!is_store_log(fd)) return sync_of(fd);
    const char *fail = getenv("WATCH_FAIL");
    if (fail != NULL && access(fail, F_OK) == 0) {
        errno = EIO;
        return -1;
    }
    int result = sync_of(fd);
    if (result == 0) note("S\n", 2);
    return result;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int fsync(int fd) { return watch_sync(fd, REAL(fsync)); }
int fdatasync(int fd) { return watch_sync(fd, REAL(fdatasync)); }

ssize_t write(int fd, const void *buffer, size_t size) {
    watch_written(fd, buffer, size);
    return REAL(write)(fd, buffer, size);
}

ssize_t pwrite(int fd, const void *buffer, size_t size, off_t offset) {
    watch_written(fd, buffer, size);
    return REAL(pwrite)(fd, buffer, size, offset);
}

ssize_t pwrite64(int fd, const void *buffer, size_t size, off64_t offset) {
    watch_written(fd, buffer, size);
    return REAL(pwrite64)(fd, buffer, size, offset);
}

ssize_t send(int fd, const void *buffer, size_t size, int flags) {
    note_marks('O', buffer, size);
    return REAL(send)(fd, buffer, size, flags);
}

ssize_t sendto(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *to, socklen_t to_size) {
    note_marks('O', buffer, size);
    return REAL(sendto)(fd, buffer, size, flags, to, to_size);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    for (int i = 0; i < count; i++) watch_written(fd, parts[i].iov_base, parts[i].iov_len);
    return REAL(writev)(fd, parts, count);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    for (size_t i = 0; i < message->msg_iovlen; i++)
        note_marks('O', message->msg_iov[i].iov_base, message->msg_iov[i].iov_len);
    return REAL(sendmsg)(fd, message, flags);
}
