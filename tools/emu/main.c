#include "tools/emu/session.h"

const char *argp_program_version = "keybench-emu " VERSION;

int main(int argc, char **argv)
{
	static const struct session_program program = {
		.name = "keybench-emu",
		.doc = "Emulates a bench: NFC chips and relay boards on "
		       "pseudo-terminals, "
		       "and a phone that the relay pushes to the reader.",
	};

	return session_main(&program, argc, argv);
}
