#include "writer.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "bindings/arrays.h"
#include "bindings/bind.h"
#include "bindings/gil.h"
#include "bindings/python_source.h"

namespace vdb::bindings {

using namespace nb::literals;

void bind_writer(nb::module_& m) {
  nb::class_<Writer>(m, "Writer", "Private copies of the blocks that a batch changes.")
      .def(
          "__init__",
          [](Writer* self, const Index& base, uint32_t free_head, uint32_t free_count) {
            new (self) Writer(base, free_head, free_count);
          },
          "base"_a, nb::kw_only(), "free_head"_a, "free_count"_a)
      .def_prop_ro(
          "index", [](const Writer& w) { return w.index().get(); },
          nb::rv_policy::reference_internal, "The collection with the changes so far.")
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
          "locality_order",
          [](const Writer& w, const std::vector<Rows>& parts, uint32_t threads) {
            const RowShape& shape = w.index()->state().shape;
            std::vector<const uint8_t*> rows;
            for (const Rows& part : parts) {
              check_rows(part, shape.dtype, shape.length(), "parts");
              for (size_t i = 0; i < part.shape(0); ++i)
                rows.push_back(bytes_of(part) + i * shape.row_bytes());
            }
            const nb::object none = nb::none();
            PythonSource source{none};
            return slot_array(source.run(
                [&] { return w.locality_order(rows, threads, [&] { source.tick(none, 0, 0); }); }));
          },
          "parts"_a, "threads"_a = 1,
          "Numbers of rows that lie in several matrices, counted through, in the order in which "
          "they best lie: near ones beside each other.")
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
             bool offer_long_links, nb::object progress) {
            PythonSource source(fetch);
            source.run([&] {
              w.insert(source, slots.data(), slots.shape(0), nodes, threads, offer_long_links,
                       [&](size_t done, size_t total) { source.tick(progress, done, total); });
              return true;
            });
          },
          "fetch"_a, "slots"_a, nb::kw_only(), "nodes"_a, "threads"_a = 1,
          "offer_long_links"_a = false, "progress"_a = nb::none(),
          "Links stored vectors into the graph that holds about `nodes` already.\n\n"
          "`offer_long_links`: each may be linked to nodes farther off as well, as is wanted where "
          "nodes come "
          "and "
          "go.")
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
          "put_bare",
          [](Writer& w, nb::object fetch, const Slots& slots) {
            PythonSource source(fetch);
            source.run([&] {
              w.put_bare(source, slots.data(), slots.shape(0));
              return true;
            });
          },
          "fetch"_a, "slots"_a, "Marks slots, out of the graph, whose records have no vector.")
      .def(
          "seal",
          [](nb::object self, uint64_t commit, size_t first, std::optional<size_t> count) {
            auto& w = nb::cast<Writer&>(self);
            nb::list out;
            // A Writer belongs to one thread, so others may run while its blocks are summed up.
            const auto blocks = [&] {
              const Unlocked unlocked;
              return w.seal(commit, first, count.value_or(SIZE_MAX));
            }();
            for (const auto& sealed : blocks) {
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
          "The blocks that were changed lie where `fetch` will find them: let go of them.")
      .def(
          "follow", [](Writer& w, const Index& newer) { w.follow(newer); }, "newer"_a,
          "Sees the vectors of a later commit from now on. Slots whose vectors differ are to be "
          "removed first, and may then be inserted again.")
      .def(
          "grow", &Writer::grow, "slots"_a,
          "Where the vectors are its own: there are so many slots now; the new ones are to be put.")
      .def(
          "copy_empty",
          [](Writer& w, nb::object fetch, const Index& from, const Slots& slots) {
            PythonSource source(fetch);
            source.run([&] {
              w.copy_empty(source, from, slots.data(), slots.shape(0));
              return true;
            });
          },
          "fetch"_a, "index"_a, "slots"_a,
          "Marks slots without a vector as they are in another table of the same slots: bare, or "
          "free with their place in its list.")
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
          "Makes blocks of links and codes where slots from `first` on have none, because none was "
          "linked.")
      .def_prop_ro("dirty_blocks", &Writer::dirty_blocks, "How many blocks were changed.")
      .def_prop_ro("dirty_bytes", &Writer::dirty_bytes, "Their bytes.")
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

}  // namespace vdb::bindings
