#include "bench/core/crypto/kat.h"

#include "bench/core/fs.h"

#include <string.h>

/*
 * A first look at the brackets and commas of a file, strings left out, before a tree is made of it: what
 * is a few bytes here may be hundreds in memory.
 */
static int check_size(struct bytes text, const char *path, struct err *err)
{
	long containers = 0, values = 0, depth = 0, deepest = 0;
	bool quoted = false;

	for (size_t i = 0; i < text.len; i++) {
		const uint8_t c = text.data[i];

		if (quoted && c == '\\') {
			i++;
		} else if (c == '"') {
			quoted = !quoted;
		} else if (!quoted && (c == '{' || c == '[')) {
			containers++;
			depth++;
			deepest = depth > deepest ? depth : deepest;
		} else if (!quoted && (c == '}' || c == ']')) {
			depth--;
		} else if (!quoted && c == ',') {
			values++;
		}
	}
	if (deepest > KAT_MAX_DEPTH)
		return err_set(err, ERR_FORMAT, "%s: nested deeper than %d", path,
			       KAT_MAX_DEPTH);
	if (containers > KAT_MAX_CONTAINERS || values > KAT_MAX_VALUES)
		return err_set(err, ERR_RANGE,
			       "%s: more than %d values, or %d objects and lists", path,
			       KAT_MAX_VALUES, KAT_MAX_CONTAINERS);
	return 0;
}

int kat_parse(json_t **out, const char *path, struct bytes text, struct err *err)
{
	json_error_t why;
	json_t *root;
	int rc;

	if (text.len == 0)
		return err_set(err, ERR_FORMAT, "%s: is empty", path);
	if (memchr(text.data, 0, text.len))
		return err_set(err, ERR_FORMAT, "%s: is a binary file", path);
	rc = check_size(text, path, err);
	if (rc)
		return rc;
	root = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES,
			  &why);
	if (!root)
		return err_set(err, ERR_FORMAT, "%s:%d:%d: %s", path,
			       why.line > 0 ? why.line : 1,
			       why.column > 0 ? why.column : 1, why.text);
	*out = root;
	return 0;
}

int kat_load(json_t **out, const char *path, struct err *err)
{
	struct buf text;
	int rc;

	buf_init(&text, KAT_MAX_BYTES);
	rc = fs_read(path, KAT_MAX_BYTES, &text, err);
	if (!rc)
		rc = kat_parse(out, path, buf_bytes(&text), err);
	buf_release(&text);
	return rc;
}

struct bytes kat_hex(const json_t *object, const char *key, uint8_t *mem, size_t max)
{
	const char *text = json_string_value(json_object_get(object, key));
	int len = text ? hex_parse(text, mem, max) : ERR_FORMAT;

	if (len < 0)
		return BYTES(NULL, 0);
	return BYTES(mem, (size_t)len);
}
