#include "columns/payload_columns.h"

#include <limits>
#include <stdexcept>
#include <utility>

#include "blocks/msgpack.h"
#include "blocks/msgpack_head.h"
#include "blocks/utf8.h"
#include "columns/moment.h"

namespace vdb {
namespace {

constexpr size_t kSlack = 4096;  // what the last text may ask for, and does not take

constexpr uint8_t kNil = 0xC0, kFalse = 0xC2, kTrue = 0xC3, kUint64 = 0xCF;

// Offsets of texts and lists are of 32 bits.
void push_offset(size_t offset, Buffer& offsets) {
  if (offset > static_cast<size_t>(std::numeric_limits<int32_t>::max()))
    throw std::length_error("payloads: more text than one column can hold");
  offsets.push_number(static_cast<int32_t>(offset));
}

bool as_float(uint8_t first, size_t width, uint64_t bits, double* number) {
  if (first == kUint64) {
    *number = static_cast<double>(bits);
    return *number < 18446744073709551616.0 && static_cast<uint64_t>(*number) == bits;
  }
  const int64_t whole = msgpack_int(first, width, bits);
  *number = static_cast<double>(whole);
  return *number < 9223372036854775808.0 && static_cast<int64_t>(*number) == whole;
}

const char* format_of(PayloadField::Type type) {
  switch (type) {
    case PayloadField::kInt:
      return "l";
    case PayloadField::kFloat:
      return "g";
    case PayloadField::kKeyword:
      return "u";
    case PayloadField::kBool:
      return "b";
    default:
      return "tsu:UTC";
  }
}

}  // namespace

PayloadColumns::PayloadColumns(std::vector<PayloadField> fields, bool text, FloatText float_text)
    : fields_(std::move(fields)),
      text_(text),
      float_text_(float_text),
      nodes_(1),
      builders_(fields_.size()),
      present_(fields_.size()) {
  for (size_t i = 0; i < fields_.size(); ++i) {
    size_t node = 0;
    for (const std::string& name : fields_[i].names) {
      size_t next = child_of(node, name.data(), name.size());
      if (next == 0) {
        next = nodes_.size();
        nodes_.push_back({name, kNone, {}});
        nodes_[node].children.push_back(next);
      }
      node = next;
    }
    nodes_[node].field = static_cast<int>(i);
    if (fields_[i].list) push_offset(0, builders_[i].list_offsets);
    if (fields_[i].type == PayloadField::kKeyword) push_offset(0, builders_[i].values);
  }
  if (text_) push_offset(0, text_offsets_);
}

void PayloadColumns::reserve(size_t rows, size_t bytes) {
  if (!text_) return;
  text_offsets_.reserve(text_offsets_.size() + rows * sizeof(int32_t));
  size_t size = bytes + bytes / 8 + 16 * rows;
  if (bytes_ > 0) {  // as those before, and a little more
    const double share = static_cast<double>(texts_.size()) / static_cast<double>(bytes_);
    size = static_cast<size_t>(1.05 * share * static_cast<double>(bytes));
  }
  texts_.reserve(texts_.size() + size + kSlack);
}

PayloadColumns::Fault PayloadColumns::append(const uint8_t* body, size_t size) {
  const char* const fault = msgpack_fault(body, size, kDeepestMsgpack, Msgpack::kPayload);
  if (fault != nullptr) return {fault, kNone};
  if (!fields_.empty()) {
    for (const uint8_t*& place : present_) place = nullptr;
    find(0, body);
    for (size_t i = 0; i < fields_.size(); ++i) {
      const char* const reason = append_field(i);
      if (reason != nullptr) return {reason, static_cast<int>(i)};
    }
  }
  if (text_) {
    if (!append_json(body, float_text_, texts_)) return {"text that is not UTF-8", kNone};
    push_offset(texts_.size(), text_offsets_);
    text_validity_.push(true);
    bytes_ += size;
  }
  ++rows_;
  return {};
}

void PayloadColumns::append_none() {
  for (const uint8_t*& place : present_) place = nullptr;
  for (size_t i = 0; i < fields_.size(); ++i) append_field(i);
  if (text_) {
    push_offset(texts_.size(), text_offsets_);
    text_validity_.push(false);
  }
  ++rows_;
}

// The child of that name; 0 where there is none.
size_t PayloadColumns::child_of(size_t node, const char* name, size_t length) const {
  for (const size_t child : nodes_[node].children) {
    if (nodes_[child].name.compare(0, std::string::npos, name, length) == 0) return child;
  }
  return 0;
}

// Notes where the values of fields begin in a map. Of a key that is there twice the last counts.
void PayloadColumns::find(size_t node, const uint8_t* at) {
  const MsgpackHead head = msgpack_head(*at++);
  if (head.type != MsgpackHead::kMap) return;
  const uint64_t count = head.width > 0 ? big_endian(at, head.width) : head.length;
  at += head.width;
  for (uint64_t i = 0; i < count; ++i) {
    const MsgpackHead key = msgpack_head(*at++);
    const uint64_t length = key.width > 0 ? big_endian(at, key.width) : key.length;
    at += key.width;
    const size_t child = child_of(node, reinterpret_cast<const char*>(at), length);
    at += length;
    if (child != 0) {
      if (nodes_[child].field != kNone) present_[static_cast<size_t>(nodes_[child].field)] = at;
      if (!nodes_[child].children.empty()) find(child, at);
    }
    at = msgpack_end(at);
  }
}

// The reason why the value that the payload has for a field has no place in its column, or null.
const char* PayloadColumns::append_field(size_t field) {
  const PayloadField::Type type = fields_[field].type;
  Builder& builder = builders_[field];
  const uint8_t* at = present_[field];
  const bool valid = at != nullptr && *at != kNil;
  builder.validity.push(valid);
  if (!fields_[field].list) {
    if (valid) return append_value(type, at, builder);
    append_nothing(type, builder);
    return nullptr;
  }
  if (valid) {
    const MsgpackHead head = msgpack_head(*at++);
    if (head.type != MsgpackHead::kArray) return "no list";
    const uint64_t count = head.width > 0 ? big_endian(at, head.width) : head.length;
    at += head.width;
    for (uint64_t i = 0; i < count; ++i) {
      const char* const reason = append_value(type, at, builder);
      if (reason != nullptr) return reason;
      at = msgpack_end(at);
    }
    builder.elements += static_cast<int64_t>(count);
  }
  push_offset(static_cast<size_t>(builder.elements), builder.list_offsets);
  return nullptr;
}

const char* PayloadColumns::append_value(PayloadField::Type type, const uint8_t* at,
                                         Builder& builder) {
  const uint8_t first = *at++;
  const MsgpackHead head = msgpack_head(first);
  const uint64_t bits = head.width > 0 ? big_endian(at, head.width) : head.length;
  const bool is_int = head.type == MsgpackHead::kScalar && msgpack_is_int(first);
  const bool is_text = head.type == MsgpackHead::kText;
  const uint8_t* const text = at + head.width;
  switch (type) {
    case PayloadField::kInt: {
      if (!is_int) return "no int";
      const int64_t number = msgpack_int(first, head.width, bits);
      if (first == kUint64 && number < 0) return "an int above 2**63 - 1, which int64 cannot hold";
      builder.values.push_number(number);
      return nullptr;
    }
    case PayloadField::kFloat: {
      double number;
      if (head.type == MsgpackHead::kFloat) {
        number = msgpack_float(at, head.width);
      } else if (!is_int || !as_float(first, head.width, bits, &number)) {
        return "no number that float64 can hold";
      }
      builder.values.push_number(number);
      return nullptr;
    }
    case PayloadField::kBool:
      if (first != kFalse && first != kTrue) return "no bool";
      builder.bools.push(first == kTrue);
      return nullptr;
    case PayloadField::kKeyword:
      if (!is_text || !is_utf8(text, bits)) return "no text";
      builder.texts.append(text, bits);
      push_offset(builder.texts.size(), builder.values);
      return nullptr;
    default: {
      if (!is_text) return "no text of a moment";
      const auto micro = moment_of(reinterpret_cast<const char*>(text), bits);
      if (!micro) return "no text of a moment";
      builder.values.push_number(*micro);
      return nullptr;
    }
  }
}

// What stands in the values of a row that is null.
void PayloadColumns::append_nothing(PayloadField::Type type, Builder& builder) {
  if (type == PayloadField::kBool) return builder.bools.push(false);
  if (type == PayloadField::kKeyword) return push_offset(builder.texts.size(), builder.values);
  builder.values.push_number(int64_t{0});
}

Column PayloadColumns::column_of(PayloadField::Type type, Builder& builder, int64_t rows) {
  Column column;
  column.format = format_of(type);
  column.rows = rows;
  column.buffers.emplace_back();
  builder.values.reserve(1);
  builder.texts.reserve(1);
  if (type == PayloadField::kBool) {
    column.buffers.push_back(builder.bools.take());
  } else {
    column.buffers.push_back(std::move(builder.values));
  }
  if (type == PayloadField::kKeyword) column.buffers.push_back(std::move(builder.texts));
  return column;
}

std::vector<Column> PayloadColumns::take() {
  std::vector<Column> columns;
  for (size_t i = 0; i < fields_.size(); ++i) {
    Builder& builder = builders_[i];
    const bool list = fields_[i].list;
    Column values = column_of(fields_[i].type, builder, list ? builder.elements : rows_);
    Column column;
    if (list) {
      column.format = "+l";
      column.rows = rows_;
      column.buffers.emplace_back();
      column.buffers.push_back(std::move(builder.list_offsets));
      column.children.push_back(std::move(values));
    } else {
      column = std::move(values);
    }
    column.nulls = builder.validity.zeros();
    column.buffers[0] = builder.validity.take();
    columns.push_back(std::move(column));
  }
  if (text_) {
    Column column;
    column.format = "u";
    column.rows = rows_;
    column.nulls = text_validity_.zeros();
    column.buffers.push_back(text_validity_.take());
    column.buffers.push_back(std::move(text_offsets_));
    texts_.reserve(1);
    column.buffers.push_back(std::move(texts_));
    columns.push_back(std::move(column));
  }
  return columns;
}

}  // namespace vdb
