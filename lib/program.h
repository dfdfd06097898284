/*
 * The three programs. Each is the main() of its own, but in the portable build,
 * where one file is all three and portable.c chooses between them.
 */
#ifndef STRIPEHOOK_PROGRAM_H
#define STRIPEHOOK_PROGRAM_H

#ifdef STRIPEHOOK_PORTABLE
int endpoint_main(int argc, char *argv[]);
int worker_main(int argc, char *argv[]);
int command_main(int argc, char *argv[]);
#else
#define endpoint_main main
#define worker_main main
#define command_main main
#endif

#endif
