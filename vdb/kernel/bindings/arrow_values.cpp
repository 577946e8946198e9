#include "bindings/arrow_values.h"

#include <cmath>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <unordered_set>

#include "blocks/utf8.h"

namespace vdb::bindings {

namespace {

constexpr int32_t kInline = 12;  // bytes of the longest text that a view holds itself
constexpr size_t kLargestValue = size_t{1} << 24;  // bytes from which on nothing is appended

using Kind = ArrowType::Kind;

struct Form {
  const char* format;
  Kind kind;
  int width;
};

constexpr Form kForms[] = {
    {"n", Kind::kNull, 0},      {"b", Kind::kBool, 0},       {"c", Kind::kInteger, 1},
    {"s", Kind::kInteger, 2},   {"i", Kind::kInteger, 4},    {"l", Kind::kInteger, 8},
    {"C", Kind::kNatural, 1},   {"S", Kind::kNatural, 2},    {"I", Kind::kNatural, 4},
    {"L", Kind::kNatural, 8},   {"e", Kind::kReal, 2},       {"f", Kind::kReal, 4},
    {"g", Kind::kReal, 8},      {"u", Kind::kText, 4},       {"U", Kind::kText, 8},
    {"vu", Kind::kTextView, 0}, {"+l", Kind::kList, 4},      {"+L", Kind::kList, 8},
    {"+s", Kind::kStruct, 0},   {"+vl", Kind::kListView, 4}, {"+vL", Kind::kListView, 8},
    {"+m", Kind::kMap, 4},      {"+r", Kind::kRunEnds, 0},
};

size_t children_of(const ArrowType& type) {
  switch (type.kind) {
    case Kind::kList:
    case Kind::kListView:
    case Kind::kFixedList:
    case Kind::kMap:
      return 1;
    case Kind::kRunEnds:
      return 2;
    case Kind::kStruct:
      return type.keys.size();
    default:
      return 0;
  }
}

int64_t buffers_of(Kind kind) {
  switch (kind) {
    case Kind::kNull:
    case Kind::kRunEnds:
      return 0;
    case Kind::kStruct:
    case Kind::kFixedList:
      return 1;
    case Kind::kText:
    case Kind::kTextView:
    case Kind::kListView:
      return 3;
    default:
      return 2;
  }
}

double widened(uint16_t half) {
  const int exponent = half >> 10 & 0x1F, fraction = half & 0x3FF;
  const double sign = half & 0x8000 ? -1 : 1;
  if (exponent == 0x1F) return fraction == 0 ? sign * HUGE_VAL : std::nan("");
  if (exponent == 0) return sign * std::ldexp(fraction, -24);
  return sign * std::ldexp(fraction | 0x400, exponent - 25);
}

}  // namespace

void ArrowType::read(const std::string& format) {
  for (const Form& form : kForms) {
    if (format != form.format) continue;
    kind = form.kind;
    width = form.width;
    sign = kind == Kind::kInteger;
    return;
  }
  if (format.compare(0, 3, "+w:") == 0) {
    kind = Kind::kFixedList;
    size = std::stoll(format.substr(3));
  } else if (format == "?") {
    kind = Kind::kByteBool;
  }
}

bool ArrowType::has_form() const {
  if (kind == Kind::kOther) return false;
  for (const ArrowType& child : children)
    if (!child.has_form()) return false;
  if (kind != Kind::kMap) return true;
  // Its one child is a struct of keys and values.
  if (children.empty() || children[0].children.size() != 2) return false;
  const Kind keys_kind = children[0].children[0].kind;
  return children[0].kind == Kind::kStruct &&
         (keys_kind == Kind::kText || keys_kind == Kind::kTextView);
}

ArrowValues::ArrowValues(const ArrowType& type, const ArrowArray& array)
    : type_(type), array_(array) {
  if (array.n_buffers < buffers_of(type.kind))
    throw std::invalid_argument("an array without its buffers");
  if (type.kind == Kind::kDictionary) {
    if (array.dictionary == nullptr) throw std::invalid_argument("indices without a dictionary");
    below_.emplace_back(type.children[0], *array.dictionary);
    return;
  }
  if (array.n_children != static_cast<int64_t>(children_of(type)) ||
      type.children.size() != children_of(type) || type.size < 0)
    throw std::invalid_argument("an array without its children");
  below_.reserve(type.children.size());
  for (size_t i = 0; i < type.children.size(); ++i)
    below_.emplace_back(type.children[i], *array.children[i]);
}

template <typename T>
T ArrowValues::at(int buffer, int64_t place) const {
  const auto* const data = static_cast<const uint8_t*>(array_.buffers[buffer]);
  if (data == nullptr) throw std::invalid_argument("an array without one of its buffers");
  T value;
  std::memcpy(&value, data + static_cast<size_t>(place) * sizeof value, sizeof value);
  return value;
}

int64_t ArrowValues::integer_at(int buffer, int64_t place, int width, bool sign) const {
  switch (width) {
    case 1:
      return sign ? at<int8_t>(buffer, place) : at<uint8_t>(buffer, place);
    case 2:
      return sign ? at<int16_t>(buffer, place) : at<uint16_t>(buffer, place);
    case 4:  // not in one expression, whose type would have no sign
      if (sign) return at<int32_t>(buffer, place);
      return at<uint32_t>(buffer, place);
    default:
      return at<int64_t>(buffer, place);
  }
}

bool ArrowValues::is_null(int64_t row) const {
  if (type_.kind == Kind::kNull) return true;
  if (type_.kind == Kind::kRunEnds) return below_[1].is_null(run_of(array_.offset + row));
  if (array_.null_count != 0 && array_.buffers[0] != nullptr) {
    const int64_t place = array_.offset + row;
    if ((at<uint8_t>(0, place / 8) >> (place % 8) & 1) == 0) return true;
  }
  if (type_.kind != Kind::kDictionary) return false;
  const int64_t index = integer_at(1, array_.offset + row, type_.width, type_.sign);
  return below(index, 1).is_null(index);
}

bool ArrowValues::append(int64_t row, MsgpackWriter& out) const {
  if (row < 0 || row >= array_.length)
    throw std::invalid_argument("an array shorter than what refers to it");
  if (is_null(row)) {
    out.nil();
    return true;
  }
  const int64_t place = array_.offset + row;
  switch (type_.kind) {
    case Kind::kBool:
      out.boolean(at<uint8_t>(1, place / 8) >> (place % 8) & 1);
      return true;
    case Kind::kByteBool:
      out.boolean(at<uint8_t>(1, place) != 0);
      return true;
    case Kind::kInteger:
      out.integer(integer_at(1, place, type_.width, true));
      return true;
    case Kind::kNatural:
      out.natural(static_cast<uint64_t>(integer_at(1, place, type_.width, false)));
      return true;
    case Kind::kReal: {
      const double value = real_at(place);
      out.real(value);
      return std::isfinite(value);
    }
    case Kind::kText:
    case Kind::kTextView:
      return append_text(place, out);
    case Kind::kList:
    case Kind::kMap: {
      const int64_t start = integer_at(1, place, type_.width, true);
      const int64_t size = integer_at(1, place + 1, type_.width, true) - start;
      return type_.kind == Kind::kMap ? append_map(start, size, out)
                                      : append_list(start, size, out);
    }
    case Kind::kListView:
      return append_list(integer_at(1, place, type_.width, true),
                         integer_at(2, place, type_.width, true), out);
    case Kind::kFixedList:
      return append_list(place * type_.size, type_.size, out);
    case Kind::kStruct:
      out.map(below_.size());
      for (size_t i = 0; i < below_.size(); ++i) {
        out.raw(type_.keys[i]);
        if (!below_[i].append(place, out)) return false;
      }
      return true;
    case Kind::kDictionary: {
      const int64_t index = integer_at(1, place, type_.width, type_.sign);
      return below(index, 1).append(index, out);
    }
    case Kind::kRunEnds:
      return below_[1].append(run_of(place), out);
    default:
      return false;
  }
}

double ArrowValues::real_at(int64_t place) const {
  if (type_.width == 2) return widened(at<uint16_t>(1, place));
  return type_.width == 4 ? static_cast<double>(at<float>(1, place)) : at<double>(1, place);
}

ArrowValues::Text ArrowValues::text_at(int64_t place) const {
  const auto part = [&](int64_t buffer, int64_t start, int64_t size) -> Text {
    const auto* const data = static_cast<const uint8_t*>(array_.buffers[buffer]);
    if (start < 0 || size < 0) throw std::invalid_argument("a text of a negative length");
    if (size > 0 && data == nullptr)
      throw std::invalid_argument("an array without one of its buffers");
    static constexpr uint8_t kEmpty = 0;
    return {size == 0 ? &kEmpty : data + start, static_cast<size_t>(size)};
  };
  if (type_.kind == Kind::kText) {
    const int64_t start = integer_at(1, place, type_.width, true);
    return part(2, start, integer_at(1, place + 1, type_.width, true) - start);
  }
  const int32_t size = at<int32_t>(1, 4 * place);
  if (size <= kInline) return part(1, 16 * place + 4, size);
  // Their sizes are the last buffer.
  const int64_t number = at<int32_t>(1, 4 * place + 2), many = array_.n_buffers - 3;
  const int64_t start = at<int32_t>(1, 4 * place + 3);
  if (number < 0 || number >= many || start < 0 ||
      start > at<int64_t>(static_cast<int>(array_.n_buffers - 1), number) - size)
    throw std::invalid_argument("a view beyond its buffer");
  return part(2 + number, start, size);
}

bool ArrowValues::append_text(int64_t place, MsgpackWriter& out) const {
  const Text text = text_at(place);
  if (text.size > UINT32_MAX || !is_utf8(text.data, text.size)) return false;
  out.text(text.data, text.size);
  return true;
}

const ArrowValues& ArrowValues::below(int64_t start, int64_t size) const {
  const ArrowValues& child = below_[0];
  if (start < 0 || size < 0 || start > child.array_.length || size > child.array_.length - start)
    throw std::invalid_argument("lists longer than what they are lists of");
  return child;
}

bool ArrowValues::append_list(int64_t start, int64_t size, MsgpackWriter& out) const {
  if (size == 0) {
    out.array(0);
    return true;
  }
  const ArrowValues& child = below(start, size);
  out.array(static_cast<size_t>(size));
  for (int64_t i = 0; i < size; ++i) {
    if (out.bytes().size() > kLargestValue) return false;
    if (!child.append(start + i, out)) return false;
  }
  return true;
}

bool ArrowValues::append_map(int64_t start, int64_t size, MsgpackWriter& out) const {
  if (size == 0) {
    out.map(0);
    return true;
  }
  const ArrowValues& entries = below(start, size);
  const ArrowValues &keys = entries.below_[0], &values = entries.below_[1];
  std::unordered_set<std::string_view> seen;
  out.map(static_cast<size_t>(size));
  for (int64_t i = start; i < start + size; ++i) {
    const int64_t row = entries.array_.offset + i;
    if (out.bytes().size() > kLargestValue || entries.is_null(i) || row >= keys.array_.length ||
        keys.is_null(row))
      return false;
    const Text key = keys.text_at(keys.array_.offset + row);
    if (!seen.insert({reinterpret_cast<const char*>(key.data), key.size}).second) return false;
    if (!keys.append(row, out) || !values.append(row, out)) return false;
  }
  return true;
}

// The run that holds a place. Run ends count from the array's beginning, whatever its offset.
int64_t ArrowValues::run_of(int64_t place) const {
  const ArrowValues& ends = below_[0];
  int64_t low = 0, high = ends.array_.length;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    const int64_t end = ends.integer_at(1, ends.array_.offset + middle, ends.type_.width, true);
    if (end > place)
      high = middle;
    else
      low = middle + 1;
  }
  if (low >= below_[1].array_.length) throw std::invalid_argument("more rows than runs");
  return low;
}

}  // namespace vdb::bindings
