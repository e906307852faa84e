#ifndef CONIGURUMA_SHIM_H
#define CONIGURUMA_SHIM_H

#include <oniguruma.h>

/* Encoding and syntax are global variables in C, and errors are formatted by a variadic function:
   Swift imports neither. */

static inline int coniguruma_initialize(void) {
  OnigEncoding encodings[] = {ONIG_ENCODING_UTF8};
  return onig_initialize(encodings, 1);
}

static inline int coniguruma_compile(OnigRegex *regex, const OnigUChar *pattern,
                                     const OnigUChar *end, OnigErrorInfo *info) {
  return onig_new(regex, pattern, end, ONIG_OPTION_NONE, ONIG_ENCODING_UTF8, ONIG_SYNTAX_RUBY,
                  info);
}

/* Writes at most ONIG_MAX_ERROR_MESSAGE_LEN bytes and returns their number. */
static inline int coniguruma_describe(int code, OnigErrorInfo *info, OnigUChar *buffer) {
  return onig_error_code_to_str(buffer, code, info);
}

#endif
