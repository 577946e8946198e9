// Payloads as columns: declared fields with their types, and each payload as a text in JSON. They
// are made of the stored bytes, without an object for any value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "columns/column.h"
#include "columns/json_text.h"

namespace vdb {

// A declared field. Of a payload without it, or with null there, the column has a null.
struct PayloadField {
  enum Type { kInt, kFloat, kKeyword, kBool, kDatetime };
  std::vector<std::string> names;  // the path
  Type type;
  bool list;
};

// Builds the columns of some payloads, one after the other.
class PayloadColumns {
 public:
  static constexpr int kNone = -1;

  // What is wrong with a payload; nothing where `reason` is null.
  struct Fault {
    const char* reason = nullptr;
    int field = kNone;  // whose value has no place in its column; kNone: it is no payload at all
  };

  // `text`: whether there is a column of texts, the last one.
  PayloadColumns(std::vector<PayloadField> fields, bool text, FloatText float_text);

  // Makes room for the texts of so many rows more, whose payloads take so many bytes together.
  // Called again after some rows, it goes by what those took.
  void reserve(size_t rows, size_t bytes);
  // Appends a row of every column. After a fault, the columns are of no use. Throws
  // std::length_error for more text than the offsets of a column can count, 2^31 - 1 bytes.
  Fault append(const uint8_t* body, size_t size);
  // The row of a record without a payload.
  void append_none();
  // The columns, fields first; they leave the builder.
  std::vector<Column> take();

 private:
  // A name in the paths of fields, and what may follow it. The first node is the root.
  struct Node {
    std::string name;
    int field = kNone;
    std::vector<size_t> children;
  };
  // One column in the making; of a list the values are those of its child.
  struct Builder {
    BitWriter validity;
    Buffer list_offsets;
    int64_t elements = 0;
    Buffer values;  // numbers, or offsets of texts
    Buffer texts;
    BitWriter bools;
  };

  size_t child_of(size_t node, const char* name, size_t length) const;
  void find(size_t node, const uint8_t* at);
  const char* append_field(size_t field);
  const char* append_value(PayloadField::Type type, const uint8_t* at, Builder& builder);
  void append_nothing(PayloadField::Type type, Builder& builder);
  Column column_of(PayloadField::Type type, Builder& builder, int64_t rows);

  std::vector<PayloadField> fields_;
  bool text_;
  FloatText float_text_;
  std::vector<Node> nodes_;
  std::vector<Builder> builders_;        // of the fields
  std::vector<const uint8_t*> present_;  // where the payload has the value of each field
  BitWriter text_validity_;
  Buffer text_offsets_;
  Buffer texts_;
  size_t bytes_ = 0;  // that the payloads took whose texts are there
  int64_t rows_ = 0;
};

}  // namespace vdb
