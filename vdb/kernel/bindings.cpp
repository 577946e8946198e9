// The only file that knows Python: checks shapes, releases the GIL, calls the kernel, returns
// arrays.

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <limits>
#include <mutex>
#include <optional>

#include "crc32c.h"
#include "distance.h"
#include "errors.h"
#include "float_mode.h"
#include "index.h"
#include "writer.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using vdb::BlockTable;
using vdb::DType;
using vdb::Index;
using vdb::RowShape;
using vdb::Writer;

using Rows = nb::ndarray<nb::ro, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Slots = nb::ndarray<const uint32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Bits = nb::ndarray<const uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
template <typename T, int N>
using Output = nb::ndarray<nb::numpy, T, nb::ndim<N>, nb::c_contig>;

// Blocks by way of a Python callable: bytes -> a buffer that outlives the call, or None.
// The first Python exception is kept and thrown again once the kernel has unwound. Python code that
// is called from inside, a progress callback or a signal handler above all, computes with floats
// as it did outside.
class PythonSource final : public vdb::Source {
 public:
  explicit PythonSource(nb::handle fetch) : fetch_(fetch), mode_(vdb::float_mode()) {}

  Value fetch(const std::string& key) override {
    const nb::gil_scoped_acquire gil;
    const vdb::FloatMode callers(mode_);
    try {
      const nb::object value = fetch_(nb::bytes(key.data(), key.size()));
      if (value.is_none()) return {nullptr, 0};
      Py_buffer buffer;
      if (PyObject_GetBuffer(value.ptr(), &buffer, PyBUF_SIMPLE) != 0) throw nb::python_error();
      const Value result{static_cast<const uint8_t*>(buffer.buf), static_cast<size_t>(buffer.len)};
      PyBuffer_Release(&buffer);
      return result;
    } catch (nb::python_error& error) {
      keep(error);
    }
    throw vdb::Stopped();
  }

  // Between sub-batches: lets signals be handled and reports progress.
  void tick(nb::handle progress, size_t done, size_t total) {
    const nb::gil_scoped_acquire gil;
    const vdb::FloatMode callers(mode_);
    try {
      if (PyErr_CheckSignals() != 0) throw nb::python_error();
      if (!progress.is_none()) progress(done, total);
      return;
    } catch (nb::python_error& error) {
      keep(error);
    }
    throw vdb::Stopped();
  }

  // Runs `body` without the GIL.
  template <typename Body>
  auto run(const Body& body) {
    try {
      const nb::gil_scoped_release release;
      return body();
    } catch (const vdb::Stopped&) {
    }
    if (!error_) throw std::logic_error("stopped without a reason");
    throw nb::python_error(std::move(*error_));
  }

 private:
  void keep(nb::python_error& error) {
    if (!error_) error_.emplace(std::move(error));
  }

  nb::handle fetch_;
  uint64_t mode_;
  std::optional<nb::python_error> error_;
};

template <typename T, int N>
Output<T, N> make_array(std::initializer_list<size_t> shape, T** data) {
  size_t size = 1;
  for (const size_t extent : shape) size *= extent;
  *data = new T[std::max<size_t>(size, 1)];
  const nb::capsule owner(*data, [](void* p) noexcept { delete[] static_cast<T*>(p); });
  return Output<T, N>(*data, shape, owner);
}

using Answers = std::tuple<Output<uint32_t, 2>, Output<double, 2>, Output<uint32_t, 1>>;

Output<uint32_t, 1> slot_array(const std::vector<uint32_t>& slots) {
  uint32_t* data;
  auto array = make_array<uint32_t, 1>({slots.size()}, &data);
  std::copy(slots.begin(), slots.end(), data);
  return array;
}

Answers answer_arrays(const Index::Answers& answers, size_t k) {
  uint32_t *slots, *counts;
  double* values;
  auto slot_out = make_array<uint32_t, 2>({answers.size(), k}, &slots);
  auto value_out = make_array<double, 2>({answers.size(), k}, &values);
  auto count_out = make_array<uint32_t, 1>({answers.size()}, &counts);
  std::fill(slots, slots + answers.size() * k, vdb::kNone);
  std::fill(values, values + answers.size() * k, std::numeric_limits<double>::quiet_NaN());
  for (size_t i = 0; i < answers.size(); ++i) {
    counts[i] = static_cast<uint32_t>(answers[i].size());
    for (size_t j = 0; j < answers[i].size(); ++j) {
      slots[i * k + j] = answers[i][j].slot;
      values[i * k + j] = answers[i][j].value;
    }
  }
  return {slot_out, value_out, count_out};
}

// numpy's type of rows: packed bits are uint8.
nb::dlpack::dtype stored_type(DType dtype) {
  if (dtype == DType::kFloat16) return {static_cast<uint8_t>(nb::dlpack::dtype_code::Float), 16, 1};
  return dtype == DType::kFloat32 ? nb::dtype<float>()
         : dtype == DType::kInt8  ? nb::dtype<int8_t>()
                                  : nb::dtype<uint8_t>();
}

const uint8_t* bytes_of(const Rows& rows) { return static_cast<const uint8_t*>(rows.data()); }

void check_type(const Rows& rows, DType dtype, const char* name) {
  if (rows.dtype() != stored_type(dtype))
    throw std::invalid_argument(std::string(name) + ": rows of another dtype");
}

void check_rows(const Rows& rows, DType dtype, size_t length, const char* name) {
  check_type(rows, dtype, name);
  if (rows.shape(1) != length)
    throw std::invalid_argument(std::string(name) + ": expected rows of " + std::to_string(length) +
                                ", got " + std::to_string(rows.shape(1)));
  if (rows.shape(0) > vdb::kMaxSlots)
    throw std::invalid_argument(std::string(name) + ": too many rows");
}

void check_queries(const Rows& queries, const RowShape& shape) {
  check_rows(queries, shape.dtype == DType::kFloat16 ? DType::kFloat32 : shape.dtype,
             shape.length(), "queries");
}

std::vector<uint32_t> to_vector(const Slots& slots) {
  return {slots.data(), slots.data() + slots.shape(0)};
}

void bind_tables(nb::module_& m) {
  nb::class_<BlockTable>(m, "BlockTable",
                         "Addresses of the blocks of one (collection, generation, kind, level), as "
                         "of one commit; resolved when first touched.")
      .def(
          "__init__",
          [](BlockTable* self, const nb::bytes& prefix, const nb::bytes& salt, uint32_t collection,
             uint32_t generation, uint8_t kind, uint8_t level, uint32_t block_size,
             uint32_t row_size, uint32_t slots, uint64_t span) {
            vdb::BlockShape shape;
            shape.prefix.assign(prefix.c_str(), prefix.size());
            shape.salt.assign(salt.c_str(), salt.size());
            shape.collection = collection;
            shape.generation = generation;
            shape.kind = kind;
            shape.level = level;
            shape.block_size = block_size;
            shape.row_size = row_size;
            shape.span = span;
            new (self) BlockTable(std::move(shape), slots);
          },
          nb::kw_only(), "prefix"_a, "salt"_a, "collection"_a, "generation"_a, "kind"_a, "level"_a,
          "block_size"_a, "row_size"_a, "slots"_a, "span"_a = 1)
      .def_prop_ro("prefix",
                   [](const BlockTable& t) {
                     return nb::bytes(t.shape().prefix.data(), t.shape().prefix.size());
                   })
      .def_prop_ro("collection", [](const BlockTable& t) { return t.shape().collection; })
      .def_prop_ro("generation", [](const BlockTable& t) { return t.shape().generation; })
      .def_prop_ro("kind", [](const BlockTable& t) { return t.shape().kind; })
      .def_prop_ro("level", [](const BlockTable& t) { return t.shape().level; })
      .def_prop_ro("block_size", [](const BlockTable& t) { return t.shape().block_size; })
      .def_prop_ro("row_size", [](const BlockTable& t) { return t.shape().row_size; })
      .def_prop_ro("rows", &BlockTable::rows, "Rows in a block.")
      .def_prop_ro("blocks", &BlockTable::blocks, "Blocks that the slots need.")
      .def("resolved", &BlockTable::resolved, "How many blocks have an address by now.")
      .def(
          "successor",
          [](const std::shared_ptr<BlockTable>& t, std::optional<Slots> rewritten, uint32_t slots) {
            if (!rewritten) return t->successor(nullptr, 0, slots);
            const size_t count = rewritten->shape(0);
            return t->lasts(count, slots) ? t : t->successor(rewritten->data(), count, slots);
          },
          "rewritten"_a.none(), "slots"_a,
          "The table at a later commit: the listed blocks (None: all) are resolved anew. The same "
          "one where nothing changed.")
      .def(
          "check",
          [](const BlockTable& t, nb::object fetch, uint32_t number) {
            PythonSource source(fetch);
            if (number >= t.blocks()) throw std::out_of_range("block number");
            return source.run([&] { return t.block_or_null(number, source) != nullptr; });
          },
          "fetch"_a, "number"_a, "Whether a block is there; CorruptedError where it is damaged.");
}

void bind_index(nb::module_& m) {
  nb::class_<Index>(m, "Index",
                    "One collection at one moment. May be used by any number of threads.")
      .def(
          "__init__",
          [](Index* self, const std::string& metric, uint32_t dim, const std::string& dtype,
             std::shared_ptr<BlockTable> vectors, std::vector<std::shared_ptr<BlockTable>> links,
             uint32_t M, uint32_t ef_construction, uint64_t seed, uint32_t slots, uint32_t entry,
             const Slots& longest, std::optional<Slots> unlinked) {
            const DType type = vdb::dtype_named(dtype);
            vdb::IndexState state{vdb::metric_named(metric, type),
                                  {type, dim},
                                  M,
                                  ef_construction,
                                  seed,
                                  slots,
                                  entry,
                                  to_vector(longest)};
            if (unlinked) state.unlinked = to_vector(*unlinked);
            new (self) Index(std::move(state), std::move(vectors), std::move(links));
          },
          nb::kw_only(), "metric"_a, "dim"_a, "dtype"_a, "vectors"_a, "links"_a, "M"_a,
          "ef_construction"_a, "seed"_a, "slots"_a, "entry"_a, "longest"_a,
          "unlinked"_a = nb::none())
      .def_prop_ro("slots", [](const Index& i) { return i.state().slots; })
      .def_prop_ro("entry", [](const Index& i) { return i.state().entry; })
      .def_prop_ro(
          "longest", [](const Index& i) { return slot_array(i.state().longest); },
          nb::rv_policy::move)
      .def_prop_ro(
          "unlinked", [](const Index& i) { return slot_array(i.state().unlinked); },
          nb::rv_policy::move, "Slots of stored vectors that wait for their links.")
      .def(
          "search",
          [](const Index& index, nb::object fetch, const Rows& queries, uint32_t k, uint32_t ef,
             uint32_t threads) {
            check_queries(queries, index.state().shape);
            PythonSource source(fetch);
            k = std::min(k, index.state().slots);
            const auto answers = source.run([&] {
              return index.search(source, bytes_of(queries),
                                  static_cast<uint32_t>(queries.shape(0)), k, ef, threads);
            });
            return answer_arrays(answers, k);
          },
          "fetch"_a, "queries"_a, "k"_a, "ef"_a, "threads"_a = 1,
          "(slots u32 (n, k), values f64 (n, k), counts u32 (n,)), best first, ties by slot; k is "
          "cut to the number of slots.")
      .def(
          "count_distances",
          [](const Index& index, nb::object fetch, const Rows& queries, uint32_t k, uint32_t ef,
             uint32_t threads) {
            check_queries(queries, index.state().shape);
            PythonSource source(fetch);
            std::vector<uint32_t> computed;
            source.run([&] {
              return index.search(source, bytes_of(queries),
                                  static_cast<uint32_t>(queries.shape(0)), k, ef, threads,
                                  &computed);
            });
            return slot_array(computed);
          },
          "fetch"_a, "queries"_a, "k"_a, "ef"_a, "threads"_a = 1,
          "How many distances each of these searches computes, u32 (n,).")
      .def(
          "scan",
          [](const Index& index, nb::object fetch, const Rows& queries, uint32_t k,
             uint32_t threads, const std::optional<std::string>& metric) {
            check_queries(queries, index.state().shape);
            PythonSource source(fetch);
            k = std::min(k, index.state().slots);
            std::optional<vdb::Metric> other;
            if (metric) other = vdb::metric_named(*metric, index.state().shape.dtype);
            const auto answers = source.run([&] {
              return index.scan(source, bytes_of(queries), static_cast<uint32_t>(queries.shape(0)),
                                k, threads, other);
            });
            return answer_arrays(answers, k);
          },
          "fetch"_a, "queries"_a, "k"_a, "threads"_a = 1, "metric"_a.none() = nb::none(),
          "The same, exactly; under another metric than the index's own when one is named.")
      .def(
          "scan_slots",
          [](const Index& index, nb::object fetch, const Rows& queries, const Slots& slots,
             uint32_t k, uint32_t threads) {
            check_queries(queries, index.state().shape);
            PythonSource source(fetch);
            k = static_cast<uint32_t>(std::min<size_t>(k, slots.shape(0)));
            const auto answers = source.run([&] {
              return index.scan_slots(source, bytes_of(queries),
                                      static_cast<uint32_t>(queries.shape(0)), slots.data(),
                                      slots.shape(0), k, threads);
            });
            return answer_arrays(answers, k);
          },
          "fetch"_a, "queries"_a, "slots"_a, "k"_a, "threads"_a = 1,
          "The same, exactly, among these slots; k is cut to their number.")
      .def(
          "search_among",
          [](const Index& index, nb::object fetch, const Rows& queries, const Bits& bits,
             const Slots& slots, uint32_t k, uint32_t ef, uint32_t threads) {
            check_queries(queries, index.state().shape);
            if (bits.shape(0) < (size_t{index.state().slots} + 7) / 8)
              throw std::invalid_argument("bits: one for each slot");
            PythonSource source(fetch);
            const auto count = static_cast<uint32_t>(queries.shape(0));
            const vdb::Allowed allowed{bits.data(), slots.data(), slots.shape(0)};
            k = static_cast<uint32_t>(std::min<size_t>(k, allowed.count));
            uint64_t* compared;
            uint8_t* switched;
            auto compared_out = make_array<uint64_t, 1>({count}, &compared);
            auto switched_out = make_array<uint8_t, 1>({count}, &switched);
            const auto answers = source.run([&] {
              return index.search_among(source, bytes_of(queries), count, allowed, k, ef, threads,
                                        compared, switched);
            });
            return std::tuple_cat(answer_arrays(answers, k),
                                  std::make_tuple(compared_out, switched_out));
          },
          "fetch"_a, "queries"_a, "bits"_a, "slots"_a, "k"_a, "ef"_a, "threads"_a = 1,
          "Through the graph among these slots, given as bits and as a rising list; and (compared "
          "u64 (n,), switched u8 (n,)): vectors each query was compared with, and whether the walk "
          "gave way to a scan of the list. k is cut to its length.")
      .def(
          "free_slots",
          [](const Index& index, nb::object fetch, uint32_t free_head, uint32_t free_count) {
            PythonSource source(fetch);
            return slot_array(
                source.run([&] { return index.free_slots(source, free_head, free_count); }));
          },
          "fetch"_a, "free_head"_a, "free_count"_a, "The slots on the free list, in its order.")
      .def(
          "vectors",
          [](const Index& index, nb::object fetch, const Slots& slots) {
            PythonSource source(fetch);
            const RowShape& shape = index.state().shape;
            auto* data = new uint8_t[std::max<size_t>(slots.shape(0) * shape.row_bytes(), 1)];
            const nb::capsule owner(data,
                                    [](void* p) noexcept { delete[] static_cast<uint8_t*>(p); });
            source.run([&] {
              index.copy_rows(source, slots.data(), slots.shape(0), data);
              return true;
            });
            return nb::ndarray<nb::numpy, nb::ndim<2>>(data, {slots.shape(0), shape.length()},
                                                       owner, {}, stored_type(shape.dtype));
          },
          "fetch"_a, "slots"_a,
          "Copies of the vectors in these slots, as they are stored: (n, dim), bits packed.")
      .def(
          "norm_stats",
          [](const Index& index, nb::object fetch) {
            PythonSource source(fetch);
            const auto s = source.run([&] { return index.norm_stats(source); });
            return std::make_tuple(s.count, s.min, s.max, s.mean);
          },
          "fetch"_a, "(count, min, max, mean) of the norms of all vectors.")
      .def(
          "norms",
          [](const Index& index, nb::object fetch) {
            PythonSource source(fetch);
            float* data;
            auto out = make_array<float, 1>({index.state().slots}, &data);
            source.run([&] {
              index.copy_norms(source, data);
              return true;
            });
            return out;
          },
          "fetch"_a, "The stored norm of every slot, float32 (slots,); -1 where it is not in use.")
      .def(
          "survey",
          [](const Index& index, nb::object fetch) {
            PythonSource source(fetch);
            const auto found = source.run([&] {
              return index.survey(
                  source, [&](size_t done, size_t total) { source.tick(nb::none(), done, total); });
            });
            std::vector<std::tuple<uint32_t, Output<uint32_t, 1>, Output<uint32_t, 1>>> levels;
            for (const auto& level : found.levels)
              levels.emplace_back(level.nodes, slot_array(level.out_degrees),
                                  slot_array(level.in_degrees));
            return std::make_tuple(found.nodes, found.duplicates, found.representatives,
                                   found.reached, std::move(levels));
          },
          "fetch"_a,
          "(nodes, duplicates, nodes with duplicates, slots reached, levels); a level is (nodes, "
          "histogram of links out u32, of links in u32). ValueError for a flat index.")
      .def(
          "neighbourhood",
          [](const Index& index, nb::object fetch, uint32_t slot) {
            PythonSource source(fetch);
            const auto found = source.run([&] { return index.neighbourhood(source, slot); });
            std::vector<Output<uint32_t, 1>> links;
            for (const auto& level : found.links) links.push_back(slot_array(level));
            return std::make_tuple(found.representative, slot_array(found.duplicates),
                                   std::move(links));
          },
          "fetch"_a, "slot"_a,
          "(node that stands for the slot, slots that share its vector u32, its links u32 by "
          "level). CorruptedError for a slot that has no place in the graph.")
      .def(
          "norms_of",
          [](const Index& index, nb::object fetch, const Slots& slots) {
            PythonSource source(fetch);
            const auto norms =
                source.run([&] { return index.norms_of(source, slots.data(), slots.shape(0)); });
            float* data;
            auto out = make_array<float, 1>({norms.size()}, &data);
            std::copy(norms.begin(), norms.end(), data);
            return out;
          },
          "fetch"_a, "slots"_a, "Norms of these slots, float32 (n,); -1 for one not in use.")
      .def(
          "linked",
          [](const Index& index, nb::object fetch, const Slots& slots) {
            if (!index.has_graph()) throw std::invalid_argument("linked: there is no graph");
            PythonSource source(fetch);
            const auto linked =
                source.run([&] { return index.linked(source, slots.data(), slots.shape(0)); });
            bool* data;
            auto out = make_array<bool, 1>({linked.size()}, &data);
            std::copy(linked.begin(), linked.end(), data);
            return out;
          },
          "fetch"_a, "slots"_a, "Which of these slots stand in the graph, bool (n,).")
      .def(
          "verify",
          [](const Index& index, nb::object fetch, uint32_t free_head, uint32_t free_count) {
            PythonSource source(fetch);
            const auto findings =
                source.run([&] { return index.verify(source, free_head, free_count); });
            std::vector<std::tuple<std::string, std::string>> out;
            for (const auto& f : findings) out.emplace_back(f.where, f.what);
            return out;
          },
          "fetch"_a, "free_head"_a, "free_count"_a,
          "Every broken invariant of vectors and graph as (where, what).");
}

void bind_writer(nb::module_& m) {
  nb::class_<Writer>(m, "Writer", "Private copies of the blocks that a batch changes.")
      .def(
          "__init__",
          [](Writer* self, const Index& base, uint32_t free_head, uint32_t free_count) {
            new (self) Writer(base, free_head, free_count);
          },
          "base"_a, nb::kw_only(), "free_head"_a, "free_count"_a)
      .def_prop_ro(
          "index", [](const Writer& w) { return w.index(); },
          "The collection with the changes so far.")
      .def_prop_ro("free_head", &Writer::free_head)
      .def_prop_ro("free_count", &Writer::free_count)
      .def(
          "allocate",
          [](Writer& w, nb::object fetch, size_t count) {
            PythonSource source(fetch);
            return slot_array(source.run([&] { return w.allocate(source, count); }));
          },
          "fetch"_a, "count"_a, "Slots for new vectors: free ones first.")
      .def(
          "arrange",
          [](const Writer& w, const Rows& rows, uint32_t threads) {
            const RowShape& shape = w.index()->state().shape;
            check_rows(rows, shape.dtype, shape.length(), "rows");
            const nb::object none = nb::none();
            PythonSource source{none};
            return slot_array(source.run([&] {
              return w.arrange(rows.shape(0), bytes_of(rows), threads,
                               [&] { source.tick(none, 0, 0); });
            }));
          },
          "rows"_a, "threads"_a = 1,
          "Numbers of the rows in the order in which they best lie: near ones beside each other.")
      .def(
          "put",
          [](Writer& w, nb::object fetch, const Slots& slots, const Rows& rows) {
            const RowShape& shape = w.index()->state().shape;
            check_rows(rows, shape.dtype, shape.length(), "rows");
            if (rows.shape(0) != slots.shape(0))
              throw std::invalid_argument("rows: one for each slot");
            PythonSource source(fetch);
            source.run([&] {
              w.put(source, slots.data(), slots.shape(0), bytes_of(rows));
              return true;
            });
          },
          "fetch"_a, "slots"_a, "rows"_a, "Stores vectors and their norms.")
      .def(
          "insert",
          [](Writer& w, nb::object fetch, const Slots& slots, size_t nodes, uint32_t threads,
             nb::object progress) {
            PythonSource source(fetch);
            source.run([&] {
              w.insert(source, slots.data(), slots.shape(0), nodes, threads,
                       [&](size_t done, size_t total) { source.tick(progress, done, total); });
              return true;
            });
          },
          "fetch"_a, "slots"_a, nb::kw_only(), "nodes"_a, "threads"_a = 1,
          "progress"_a = nb::none(),
          "Links stored vectors into the graph that holds about `nodes` already.")
      .def(
          "defer",
          [](Writer& w, nb::object fetch, const Slots& slots) {
            PythonSource source(fetch);
            source.run([&] {
              w.defer(source, slots.data(), slots.shape(0));
              return true;
            });
          },
          "fetch"_a, "slots"_a, "Keeps stored vectors, found by every search, for a later insert.")
      .def(
          "remove",
          [](Writer& w, nb::object fetch, const Slots& slots, nb::object progress) {
            PythonSource source(fetch);
            source.run([&] {
              w.remove(source, slots.data(), slots.shape(0),
                       [&](size_t done, size_t total) { source.tick(progress, done, total); });
              return true;
            });
          },
          "fetch"_a, "slots"_a, nb::kw_only(), "progress"_a = nb::none(),
          "Takes slots out of the graph, with repair.")
      .def(
          "release",
          [](Writer& w, nb::object fetch, const Slots& slots) {
            PythonSource source(fetch);
            source.run([&] {
              w.release(source, slots.data(), slots.shape(0));
              return true;
            });
          },
          "fetch"_a, "slots"_a, "Erases vectors and gives their slots to the free list.")
      .def(
          "seal",
          [](nb::object self, uint64_t commit, size_t first, std::optional<size_t> count) {
            auto& w = nb::cast<Writer&>(self);
            nb::list out;
            for (const auto& sealed : w.seal(commit, first, count.value_or(SIZE_MAX))) {
              const std::string key = sealed.table->key(sealed.number);
              nb::ndarray<nb::numpy, const uint8_t, nb::ndim<1>> value(
                  sealed.data, {size_t{sealed.table->shape().block_size}}, self);
              out.append(nb::make_tuple(nb::bytes(key.data(), key.size()), value));
            }
            return out;
          },
          "commit"_a, "first"_a = 0, "count"_a = nb::none(),
          nb::sig("def seal(self, commit: int, first: int = 0, count: int | None = None) -> "
                  "list[tuple[bytes, NDArray[numpy.uint8]]]"),
          "[(key, block)] of the blocks changed (all, or `count` from the `first` on), header and "
          "checksum filled in; the arrays are views that keep the Writer alive.")
      .def(
          "stored", [](Writer& w) { w.stored(); },
          "The blocks of links that were changed lie where `fetch` will find them: let go of them.")
      .def(
          "follow", [](Writer& w, const Index& newer) { w.follow(newer); }, "newer"_a,
          "Sees the vectors of a later commit from now on. Slots whose vectors differ are to be "
          "removed first, and may then be inserted again.")
      .def(
          "fill",
          [](Writer& w, nb::object fetch, uint32_t first) {
            PythonSource source(fetch);
            source.run([&] {
              w.fill(source, first);
              return true;
            });
          },
          "fetch"_a, "first"_a,
          "Makes blocks of links where slots from `first` on have none, because none was linked.")
      .def_prop_ro("dirty_blocks", &Writer::dirty_blocks, "How many blocks were changed.")
      .def(
          "rewritten",
          [](const Writer& w) {
            nb::list out;
            for (const auto& t : w.index()->tables()) {
              std::vector<uint32_t> numbers = t->dirty();
              std::sort(numbers.begin(), numbers.end());
              if (numbers.empty()) continue;
              const auto& s = t->shape();
              out.append(nb::make_tuple(s.generation, s.kind, s.level, slot_array(numbers)));
            }
            return out;
          },
          nb::sig("def rewritten(self) -> list[tuple[int, int, int, NDArray[numpy.uint32]]]"),
          "[(generation, kind, level, block numbers)] of every block changed.");
}

Output<double, 2> distances(const Rows& a, const Rows& b, const std::string& dtype) {
  const DType stored = vdb::dtype_named(dtype);
  const bool mixed = stored == DType::kFloat16 && a.dtype() == nb::dtype<float>();
  check_type(a, mixed ? DType::kFloat32 : stored, "a");
  check_rows(b, stored, a.shape(1), "b");
  if (a.shape(0) != b.shape(0)) throw std::invalid_argument("b: as many rows as a");
  const auto dim = static_cast<uint32_t>(a.shape(1) * (stored == DType::kBit ? 8 : 1));
  const RowShape shape{stored, dim};
  const vdb::PairLoops& pair = mixed ? shape.query_with_row() : shape.rows();
  double* out;
  auto array = make_array<double, 2>({a.shape(0), 9}, &out);
  for (size_t i = 0; i < a.shape(0); ++i) {
    const uint8_t* x = bytes_of(a) + i * (mixed ? shape.query_bytes() : shape.row_bytes());
    const uint8_t* y = bytes_of(b) + i * shape.row_bytes();
    // The row in one of four places, in turn, beside others.
    const uint8_t* rows[4];
    for (size_t j = 0; j < 4; ++j) rows[j] = bytes_of(b) + (i + j) % b.shape(0) * shape.row_bytes();
    rows[i % 4] = y;
    for (const vdb::Sum* sum : {&pair.dot, &pair.l2, &pair.l1}) {
      float four[4];
      sum->four(x, rows, shape.length(), four);
      out[0] = sum->one(x, y, shape.length());
      out[3] = four[i % 4];
      out[6] = sum->exact(x, y, shape.length());
      ++out;
    }
    out += 6;
  }
  return array;
}

void translate(const std::exception_ptr& p, void*) {
  try {
    std::rethrow_exception(p);
  } catch (const vdb::Corrupted& e) {
    const nb::object type = nb::module_::import_("vdb.errors").attr("CorruptedError");
    PyErr_SetString(type.ptr(), e.what());
  }
}

}  // namespace

NB_MODULE(_kernel, m) {
  m.doc() = "The compiled kernel. Import it as vdb.kernel.";
  nb::set_leak_warnings(false);  // objects alive at exit are the interpreter's business
  nb::register_exception_translator(translate);
  m.attr("NONE") = vdb::kNone;
  m.def("sub_batch_size", &vdb::Builder::sub_batch_size, "nodes"_a,
        "How many vectors are linked at once into a graph of so many.");
  m.def("level_limit", &vdb::Graph::level_limit, "M"_a,
        "How many levels (level 0 included) a graph with this M can have: one link table each.");
  m.def("link_row_size", &vdb::Graph::row_size, "M"_a, "level"_a,
        "Bytes of a row of links on a level.");
  m.def(
      "crc32c",
      [](nb::object data, uint32_t value, bool portable) {
        Py_buffer buffer;
        if (PyObject_GetBuffer(data.ptr(), &buffer, PyBUF_SIMPLE) != 0) throw nb::python_error();
        const auto size = static_cast<size_t>(buffer.len);
        const uint32_t result = portable ? vdb::crc32c_portable(buffer.buf, size, value)
                                         : vdb::crc32c(buffer.buf, size, value);
        PyBuffer_Release(&buffer);
        return result;
      },
      "data"_a, "value"_a = 0, nb::kw_only(), "portable"_a = false,
      "CRC-32C of a buffer, continued from `value`.");
  m.def(
      "instruction_sets",
      [] {
        std::vector<std::string> names;
        for (const auto* loops : vdb::available_loops()) names.emplace_back(loops->name);
        return names;
      },
      "Those that this processor runs, best first.");
  m.def("instruction_set", [] { return std::string(vdb::loops().name); }, "The one in use.");
  m.def("use_instruction_set", &vdb::use_loops, "name"_a,
        "Chooses one for the whole process, '' for the best. For tests and measurements.");
  m.def("distances", &distances, "a"_a, "b"_a, nb::kw_only(), "dtype"_a,
        "(n, 9): dot, squared L2 and L1 of each row of a (as queries have them) with the row of b "
        "at its place, from the loops for one row, for four, and in float64; for tests.");
  bind_tables(m);
  bind_index(m);
  bind_writer(m);
}
