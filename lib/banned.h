/*
 * Functions that have no place here, turned into compile errors. Included
 * last by every source. Each has a better one: buf, mem, snprintf, strtoll
 * with its checks, the _r forms, OpenSSL's comparison.
 */
#ifndef STRIPEHOOK_BANNED_H
#define STRIPEHOOK_BANNED_H

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets
#pragma GCC poison strtok atoi atol atoll sscanf
#pragma GCC poison gmtime localtime ctime asctime
#pragma GCC poison system popen tmpnam tempnam mktemp

#endif
