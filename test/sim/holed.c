// A disk with a hole: `inode from to` in the file that VIGIE_HOLE names makes every read that touches these bytes fail with EIO,
// and is written to VIGIE_HOLE.hits. For LD_PRELOAD.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int holed(int fd, size_t count, off64_t at) {
  const char *control = getenv("VIGIE_HOLE");
  struct stat own;
  unsigned long inode;
  long from, to;
  if (!control || fstat(fd, &own) || !S_ISREG(own.st_mode)) return 0;
  FILE *file = fopen(control, "r");
  if (!file) return 0;
  int found = fscanf(file, "%lu %ld %ld", &inode, &from, &to);
  fclose(file);
  if (found != 3 || own.st_ino != inode || at >= to || at + (off64_t)count <= from) return 0;
  char path[4096];
  snprintf(path, sizeof path, "%s.hits", control);
  int hits = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (hits >= 0) {
    if (write(hits, "x", 1) < 0) perror("hits");
    close(hits);
  }
  errno = EIO;
  return 1;
}

ssize_t pread64(int fd, void *into, size_t count, off64_t at) {
  ssize_t (*real)(int, void *, size_t, off64_t) = dlsym(RTLD_NEXT, "pread64");
  return holed(fd, count, at) ? -1 : real(fd, into, count, at);
}

ssize_t pread(int fd, void *into, size_t count, off_t at) { return pread64(fd, into, count, at); }
