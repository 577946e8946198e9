#include "bindings/plain_search.h"

#include <nanobind/stl/tuple.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "bindings/bind.h"

namespace vdb::bindings {

using namespace nb::literals;

namespace {

// The bytes of an array, as long as it is used.
class Bytes {
 public:
  Bytes(nb::handle from, int flags) : good_(PyObject_GetBuffer(from.ptr(), &buffer_, flags) == 0) {
    if (!good_) PyErr_Clear();
  }
  ~Bytes() {
    if (good_) PyBuffer_Release(&buffer_);
  }
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;
  bool good() const { return good_; }
  const Py_buffer& operator*() const { return buffer_; }

 private:
  Py_buffer buffer_;
  bool good_;
};

// Room for `count` numbers of 8 bytes each; throws std::invalid_argument where there is not enough.
template <typename T>
T* room_in(const Bytes& bytes, size_t count) {
  if (!bytes.good() || static_cast<size_t>((*bytes).len) < count * sizeof(T))
    throw std::invalid_argument("numbers, values: places for k");
  return static_cast<T*>((*bytes).buf);
}

// Whichever way the float32 squares of a query are added up, their sum is off by less than this
// share of it.
double slack(const RowShape& shape) {
  return (shape.dim + 2) * static_cast<double>(std::numeric_limits<float>::epsilon());
}

}  // namespace

PlainSearch::PlainSearch(nb::object index, nb::object ids, const PlainParameters& parameters)
    : index_object_(std::move(index)),
      ids_object_(std::move(ids)),
      index_(nb::cast<const Index*>(index_object_)),
      ids_(nb::cast<IdCache*>(ids_object_)),
      parameters_(parameters) {
  const auto require = [](bool good, const char* what) {
    if (!good) throw std::invalid_argument(what);
  };
  require(ids_->slots() == index_->state().slots, "ids: of another index");
  require(parameters.k >= 1 && parameters.neighbors >= parameters.k, "k, neighbors: 1 <= k <= n");
  require(parameters.exact || index_->has_graph(), "exact: there is no graph");
}

// Whether the query has the index's own shape, and a type that is converted as numpy does it.
bool PlainSearch::takes(nb::handle query, std::vector<uint8_t>* row) const {
  const RowShape& shape = index_->state().shape;
  const size_t length = shape.length();
  const Bytes bytes(query, PyBUF_FORMAT | PyBUF_ND);
  if (!bytes.good()) return false;
  const Py_buffer& array = *bytes;
  if (array.ndim != 1 || static_cast<size_t>(array.shape[0]) != length || array.format == nullptr ||
      array.format[0] == 0 || array.format[1] != 0)
    return false;
  const char kind = array.format[0];
  row->resize(shape.query_bytes());
  if (spec_of(shape.dtype).real && kind == 'd') {
    auto* const out = reinterpret_cast<float*>(row->data());
    const auto* const in = static_cast<const char*>(array.buf);
    for (size_t i = 0; i < length; ++i) {
      double number;
      std::memcpy(&number, in + i * sizeof number, sizeof number);
      if (!(std::abs(number) <= std::numeric_limits<float>::max())) return false;
      out[i] = static_cast<float>(number);
    }
    return true;
  }
  const char own = shape.dtype == DType::kInt8 ? 'b' : shape.dtype == DType::kBit ? 'B' : 'f';
  if (kind != own) return false;
  std::memcpy(row->data(), array.buf, row->size());
  return true;
}

// Whether metric and engine take the query for sure; at the very bounds the general path decides.
bool PlainSearch::fits(const uint8_t* row) const {
  const RowShape& shape = index_->state().shape;
  const double low = parameters_.low, high = parameters_.high;
  if (!spec_of(shape.dtype).real)
    return low == 0 ||
           std::any_of(row, row + shape.query_bytes(), [](uint8_t b) { return b != 0; });
  const double square = shape.queries().dot.exact(row, row, shape.length());
  const double error = square * slack(shape);
  return square - error >= low && square + error <= high;  // false for NaN
}

nb::object PlainSearch::find(nb::handle fetch, nb::handle lookup, nb::handle query,
                             nb::handle numbers, nb::handle values, bool payloads) const {
  std::vector<uint8_t> row;
  if (!takes(query, &row) || !fits(row.data())) return nb::none();
  PythonSource source(fetch);
  const uint32_t n = std::min(parameters_.neighbors, index_->state().slots);
  Index::Hits all = source.run([&] {
    if (parameters_.exact) return index_->scan(source, row.data(), 1, n, 1);
    return std::move(index_->search(source, row.data(), 1, {n, parameters_.ef}, 1).hits);
  });
  std::vector<Hit>& hits = all[0];
  const uint32_t k = parameters_.k;
  if (hits.size() <= k || hits[k].value != hits[k - 1].value) {
    std::vector<Hit> best(hits.begin(), hits.begin() + std::min<size_t>(k, hits.size()));
    nb::object done = hits_of(best, lookup, numbers, values, payloads);
    if (!done.is_none()) return done;
  }
  return nb::cast(hit_arrays(all, n));
}

// The hits with their ids and payloads; None where a record is not plain, or cannot be read.
nb::object PlainSearch::hits_of(const std::vector<Hit>& hits, nb::handle lookup, nb::handle numbers,
                                nb::handle values, bool payloads) const {
  const size_t count = hits.size();
  const bool text = ids_->text();
  std::vector<uint32_t> slots;
  for (const Hit& hit : hits) slots.push_back(hit.slot);
  std::vector<int64_t> number_ids(count);
  std::vector<nb::object> text_ids;
  nb::list bodies;
  std::vector<uint32_t> left;
  if (!payloads) left = ids_->cached(slots, number_ids.data(), &text_ids);
  if (payloads || !left.empty()) try {
      const nb::object value_of = call(lookup);
      const StoredRecords records(value_of, parameters_.collection, parameters_.start, text);
      if (payloads) {
        nb::list ids;
        if (records.read(slots.data(), count, ids, &bodies) < count) return nb::none();
        for (size_t i = 0; i < count; ++i) {
          if (text)
            text_ids.push_back(ids[i]);
          else
            number_ids[i] = nb::cast<int64_t>(ids[i]);
        }
      } else if (!ids_->read(records, slots, left, number_ids.data(), &text_ids)) {
        return nb::none();
      }
    } catch (nb::python_error& error) {
      if (!error.matches(PyExc_Exception)) throw;
      return nb::none();  // the general path meets it again, and says what it is
    }
  std::vector<uint32_t> order(count);
  for (uint32_t i = 0; i < count; ++i) order[i] = i;
  for (size_t first = 0, end; first < count; first = end) {
    for (end = first + 1; end < count && hits[end].value == hits[first].value;) ++end;
    if (end - first > 1)
      std::sort(order.begin() + first, order.begin() + end, [&](uint32_t a, uint32_t b) {
        return text ? PyUnicode_Compare(text_ids[a].ptr(), text_ids[b].ptr()) < 0
                    : number_ids[a] < number_ids[b];
      });
  }
  const Bytes value_bytes(values, PyBUF_WRITABLE);
  auto* const value_out = room_in<double>(value_bytes, count);
  for (size_t i = 0; i < count; ++i) value_out[i] = hits[order[i]].value;
  nb::object ids = nb::borrow(numbers);
  if (text) {
    nb::list list;
    for (const uint32_t i : order) list.append(text_ids[i]);
    ids = std::move(list);
  } else {
    const Bytes number_bytes(numbers, PyBUF_WRITABLE);
    auto* const number_out = room_in<int64_t>(number_bytes, count);
    for (size_t i = 0; i < count; ++i) number_out[i] = number_ids[order[i]];
  }
  nb::list slot_list, payload_list;
  if (payloads) {
    for (const uint32_t i : order) {
      slot_list.append(slots[i]);
      payload_list.append(bodies[i]);
    }
  }
  return nb::make_tuple(count, ids, slot_list, payload_list);
}

void bind_plain_search(nb::module_& m) {
  nb::class_<IdCache>(m, "IdCache", "Ids by slot, for one state of a collection.")
      .def(nb::init<uint32_t, bool>(), nb::kw_only(), "slots"_a, "text"_a);
  nb::class_<PlainSearch>(m, "PlainSearch",
                          "The search for one query without a filter or a threshold, prepared for "
                          "one state of a collection.")
      .def(
          "__init__",
          [](PlainSearch* self, nb::handle_t<Index> index, nb::handle_t<IdCache> ids, uint32_t k,
             uint32_t neighbors, uint32_t ef, bool exact, double low, double high,
             uint32_t collection, uint32_t start) {
            new (self) PlainSearch(nb::borrow(index), nb::borrow(ids),
                                   {k, neighbors, ef, exact, low, high, collection, start});
          },
          nb::kw_only(), "index"_a, "ids"_a, "k"_a, "neighbors"_a, "ef"_a, "exact"_a, "low"_a,
          "high"_a, "collection"_a, "start"_a)
      .def("find", &PlainSearch::find, "fetch"_a, "lookup"_a, "query"_a, "numbers"_a.none(),
           "values"_a, "payloads"_a,
           nb::sig("def find(self, fetch: object, lookup: object, query: object, "
                   "numbers: NDArray[numpy.int64] | None, values: NDArray[numpy.float64], "
                   "payloads: bool) -> "
                   "tuple[int, list[int | str] | NDArray[numpy.int64], list[int], "
                   "list[bytes | None]] | tuple[NDArray[numpy.uint32], NDArray[numpy.float64], "
                   "NDArray[numpy.uint32]] | None"),
           "None for a query that is not plain. Else (count, ids, slots, payloads): the values of "
           "the hits are in `values`, ids that are numbers in `numbers`, which is `ids`; slots and "
           "payloads are empty unless asked for. Or (slots, values, counts), as `Index.search` has "
           "them, where k cuts a tie or a record is not plain.");
}

}  // namespace vdb::bindings
