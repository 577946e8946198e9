// Payloads from the columns of a table, encoded as they are stored.
#include <memory>
#include <string>
#include <vector>

#include "bindings/arrays.h"
#include "bindings/arrow_node.h"
#include "bindings/arrow_values.h"
#include "bindings/bind.h"
#include "bindings/gil.h"

namespace vdb::bindings {

using namespace nb::literals;

namespace {

constexpr int64_t kSignals = 4096;  // rows after which signals are handled

// (format, name, children, type of the dictionary or None).
ArrowType type_of(const nb::handle& tree) {
  ArrowType type;
  type.read(nb::cast<std::string>(tree[0]));
  if (!tree[3].is_none()) {
    if (type.kind != ArrowType::Kind::kInteger && type.kind != ArrowType::Kind::kNatural)
      throw std::invalid_argument("indices that are no integers");
    type.kind = ArrowType::Kind::kDictionary;
    type.children.push_back(type_of(tree[3]));
    return type;
  }
  for (const nb::handle child : nb::cast<nb::tuple>(tree[2])) {
    type.children.push_back(type_of(child));
    MsgpackWriter key;
    const std::string name = nb::cast<std::string>(child[1]);
    key.text(name.data(), name.size());
    type.keys.push_back(key.bytes());
  }
  return type;
}

// A column: its type, its array, and which of the array's rows is the first.
struct Column {
  ArrowType type;
  ArrowNode node;
  std::unique_ptr<ArrowArray> own;  // around numbers that are no array of Arrow's
  std::unique_ptr<const void*[]> buffers;
  std::unique_ptr<ArrowValues> values;
  int64_t first;
};

using Numbers = nb::ndarray<nb::ro, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

Column column_of(const nb::handle& given) {
  Column column{type_of(given[0]), {}, nullptr, nullptr, nullptr, nb::cast<int64_t>(given[2])};
  if (!column.type.has_form()) return column;
  if (nb::isinstance<ArrowNode>(given[1])) {
    column.node = nb::cast<ArrowNode>(given[1]);
  } else {
    const auto numbers = nb::cast<Numbers>(given[1]);
    column.buffers.reset(new const void*[2]{nullptr, numbers.data()});
    column.own = std::make_unique<ArrowArray>(ArrowArray{});
    column.own->length = static_cast<int64_t>(numbers.shape(0));
    column.own->n_buffers = 2;
    column.own->buffers = column.buffers.get();
    column.node.array = column.own.get();
  }
  return column;
}

nb::object encode_columns(const nb::list& columns, const nb::object& names, int64_t count,
                          size_t largest) {
  std::vector<Column> parts;
  for (const nb::handle given : columns) {
    parts.push_back(column_of(given));
    if (!parts.back().type.has_form()) return nb::none();
  }
  for (Column& part : parts) {
    part.values = std::make_unique<ArrowValues>(part.type, *part.node.array);
    if (part.first < 0 || part.first > part.values->length() ||
        count > part.values->length() - part.first)
      throw std::invalid_argument("a column shorter than its table");
  }
  std::vector<std::string> keys;
  if (!names.is_none()) {
    for (const nb::handle name : nb::cast<nb::list>(names)) {
      MsgpackWriter key;
      const auto text = nb::cast<std::string>(name);
      key.text(text.data(), text.size());
      keys.push_back(key.bytes());
    }
  }
  if (keys.size() != (names.is_none() ? 0 : parts.size()) || (names.is_none() && parts.size() != 1))
    throw std::invalid_argument("names: one for each column");
  nb::list encoded;
  MsgpackWriter out;
  for (int64_t row = 0; row < count; ++row) {
    if (row % kSignals == 0) handle_signals();
    out.clear();
    if (names.is_none()) {
      if (parts[0].values->is_null(parts[0].first + row)) {
        encoded.append(nb::none());
        continue;
      }
      if (!parts[0].values->append(parts[0].first + row, out)) return nb::none();
    } else {
      out.map(parts.size());
      for (size_t i = 0; i < parts.size(); ++i) {
        out.raw(keys[i]);
        if (!parts[i].values->append(parts[i].first + row, out)) return nb::none();
      }
    }
    if (out.bytes().size() > largest) return nb::none();
    encoded.append(nb::bytes(out.bytes().data(), out.bytes().size()));
  }
  return encoded;
}

}  // namespace

void bind_arrow_payloads(nb::module_& m) {
  m.def("encode_columns", &encode_columns, "columns"_a, "names"_a.none(), "count"_a, "largest"_a,
        nb::sig("def encode_columns(columns: list[tuple[object, object, int]], "
                "names: list[str] | None, count: int, largest: int) -> "
                "list[bytes | None] | None"),
        "Payloads of `count` rows in msgpack: a map of the columns by their names, or, without "
        "names, the value of the one column itself, None where it is null. A column is its type "
        "(format, name, children, type of the dictionary), an `ArrowNode` or a contiguous array of "
        "numpy's, and its first row. None where a type or a value has no form there, or a payload "
        "would take more than `largest` bytes.");
}

}  // namespace vdb::bindings
