// The structs by which programs hand each other Arrow data in memory: the Arrow C data interface
// and the Arrow C stream interface. Their layout is an ABI that is fixed for good; names are the
// specification's. https://arrow.apache.org/docs/format/CDataInterface.html, CStreamInterface.html
//
// Whoever fills a struct sets `release`. Whoever holds one calls it exactly once, when done with it
// and with everything below it; it sets itself to null, which is how a released struct is told. To
// move a struct is to copy it and to set `release` of the source to null. A child may be moved out
// of its parent, and lives on after the parent was released.
#pragma once

#include <cstdint>

extern "C" {

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

// Bits of ArrowSchema::flags.
#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

// The type of an array. Strings end with NUL and belong to the struct.
struct ArrowSchema {
  const char* format;    // the type, as the specification abbreviates it: "f", "u", "+w:384"
  const char* name;      // of a column or a field; may be null
  const char* metadata;  // int32 pairs, then int32 length and bytes of each key and value; or null
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;  // the type of the values, where `format` is that of the indices
  void (*release)(struct ArrowSchema*);
  void* private_data;
};

// The values of an array. What its buffers and children are follows from its type alone.
struct ArrowArray {
  int64_t length;
  int64_t null_count;  // -1: not computed
  int64_t offset;      // rows to skip in the buffers; in the children too, where those are structs'
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;  // the first, but for some types: the bitmap of validity; null: all valid
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};

#endif  // ARROW_C_DATA_INTERFACE

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

// Arrays of one type, one after the other. Its functions return 0 or an errno, and are not to be
// called by two threads at a time.
struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream*, struct ArrowSchema* out);
  int (*get_next)(struct ArrowArrayStream*, struct ArrowArray* out);  // at the end: out is released
  // Text on the last error, or null; valid until the next call.
  const char* (*get_last_error)(struct ArrowArrayStream*);
  void (*release)(struct ArrowArrayStream*);
  void* private_data;
};

#endif  // ARROW_C_STREAM_INTERFACE

}  // extern "C"
