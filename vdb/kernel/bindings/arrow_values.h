// Values of Arrow's arrays in msgpack, without making Python's of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "bindings/arrow_c_data.h"
#include "blocks/msgpack_writer.h"

namespace vdb::bindings {

// A type, as far as its values have a form in msgpack.
struct ArrowType {
  enum class Kind {
    kNull,
    kBool,
    kByteBool,  // numpy's: a byte each
    kInteger,
    kNatural,
    kReal,
    kText,
    kTextView,
    kList,
    kListView,
    kFixedList,
    kStruct,
    kMap,
    kDictionary,
    kRunEnds,
    kOther,  // has none
  };
  Kind kind = Kind::kOther;
  int width = 0;                    // bytes of a number, an offset or an index
  bool sign = true;                 // of an index
  int64_t size = 0;                 // entries of a list of a fixed length
  std::vector<std::string> keys;    // of a struct, its fields' names in msgpack
  std::vector<ArrowType> children;  // of a dictionary: the one of its values

  // What the letters of the C data interface say; children, keys and a dictionary are the caller's.
  void read(const std::string& format);
  bool has_form() const;
};

// The values of one array, which must outlive it, as its type.
//
// All that lengths, offsets and indices say is held against the lengths of the arrays below; how
// long buffers are is the word of the library that made them.
class ArrowValues {
 public:
  // Throws std::invalid_argument where the array has not the children or buffers of its type.
  ArrowValues(const ArrowType& type, const ArrowArray& array);

  int64_t length() const { return array_.length; }
  bool is_null(int64_t row) const;
  // Appends the value of a row, of which there are `length`. False where it is none that payloads
  // take: NaN, an infinity, bytes that are no UTF-8, a map whose keys are no texts or not unique.
  // Throws std::invalid_argument where the array does not fit its type.
  bool append(int64_t row, MsgpackWriter& out) const;

 private:
  struct Text {
    const uint8_t* data;
    size_t size;
  };

  template <typename T>
  T at(int buffer, int64_t place) const;
  int64_t integer_at(int buffer, int64_t place, int width, bool sign) const;
  double real_at(int64_t place) const;
  Text text_at(int64_t place) const;
  bool append_text(int64_t place, MsgpackWriter& out) const;
  bool append_list(int64_t start, int64_t size, MsgpackWriter& out) const;
  bool append_map(int64_t start, int64_t size, MsgpackWriter& out) const;
  int64_t run_of(int64_t place) const;
  const ArrowValues& below(int64_t start, int64_t size) const;

  const ArrowType& type_;
  const ArrowArray& array_;
  std::vector<ArrowValues> below_;
};

}  // namespace vdb::bindings
