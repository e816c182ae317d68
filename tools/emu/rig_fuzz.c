/* Any text as a rig file, as the emulated desk reads it. */
#include "tools/emu/rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { 0 };
	struct emu_rig *r;

	if (emu_rig_parse(&r, "fuzz", BYTES(data, size), &err) == 0)
		emu_rig_free(r);
	return 0;
}
