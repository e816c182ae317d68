#include "bench/core/crypto/kat.h"

int kat_load(json_t **out, const char *path, struct err *err)
{
	json_error_t why;
	json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &why);

	if (!root && why.line < 0)
		return err_set(err, ERR_IO, "%s: %s", path, why.text);
	if (!root)
		return err_set(err, ERR_FORMAT, "%s:%d:%d: %s", path, why.line,
			       why.column, why.text);
	*out = root;
	return 0;
}

struct bytes kat_hex(const json_t *object, const char *key, uint8_t *mem, size_t max)
{
	const char *text = json_string_value(json_object_get(object, key));
	int len = text ? hex_parse(text, mem, max) : ERR_FORMAT;

	if (len < 0)
		return BYTES(NULL, 0);
	return BYTES(mem, (size_t)len);
}
