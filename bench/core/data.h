#ifndef BENCH_CORE_DATA_H
#define BENCH_CORE_DATA_H

#include "bench/core/err.h"

#include <stddef.h>

/*
 * Where suites, rigs and profiles are found (os_data.c).
 *
 * A text with a slash or ending in .yaml is a path: as it stands, else beside the file that names it, else
 * below each data folder. Any other text is a name: NAME.yaml below each data folder's @subdir, at any
 * depth (NAME.dbc below fixtures/dbc, NAME.log below fixtures/traces). Data folders, in order: each of $KEYBENCH_DATA (colon-separated); the source tree the program
 * was built in, when it runs from there; ../share/keybench beside the program; the DATADIR of the build.
 */
#define DATA_PATH_MAX 4096

/**
 * @param subdir  "suites", "fixtures/rigs", "fixtures/profiles/protocol" …
 * @param beside  the file in which @given stands, or NULL
 * @return 0, or ERR_FORMAT naming every folder looked into
 */
int data_find(char out[DATA_PATH_MAX], const char *given, const char *subdir,
	      const char *beside, struct err *err);
/** Data folder @i that exists, or NULL past the last. */
const char *data_dir(int i);

#endif
