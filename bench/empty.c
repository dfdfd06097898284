/*
 * The least that a CGI program can be, to hold others against: it answers.
 */
#include <unistd.h>

int
main(void)
{
	static const char answer[] = "Status: 200 OK\r\n"
				     "Content-Type: text/plain\r\n\r\nok\n";

	return write(STDOUT_FILENO, answer, sizeof(answer) - 1) < 0;
}
