#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "bindings/arrays.h"
#include "bindings/bind.h"
#include "bindings/python_source.h"

namespace vdb::bindings {

using namespace nb::literals;

void bind_studies(nb::class_<Index>& index) {
  index
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
          "fetch"_a,
          "The stored norm of every slot, float32 (slots,); -1 where it is free, -2 where its "
          "record "
          "has no vector.")
      .def(
          "graph_statistics",
          [](const Index& index, nb::object fetch) {
            PythonSource source(fetch);
            const auto statistics = source.run([&] {
              return index.graph_statistics(
                  source, [&](size_t done, size_t total) { source.tick(nb::none(), done, total); });
            });
            std::vector<std::tuple<uint32_t, Output<uint32_t, 1>, Output<uint32_t, 1>>> levels;
            for (const auto& level : statistics.levels)
              levels.emplace_back(level.nodes, slot_array(level.out_degrees),
                                  slot_array(level.in_degrees));
            return std::make_tuple(statistics.nodes, statistics.duplicates,
                                   statistics.representatives, statistics.reached,
                                   std::move(levels));
          },
          "fetch"_a,
          "(nodes, duplicates, nodes with duplicates, slots reached, levels); a level is (nodes, "
          "histogram of links out u32, of links in u32). ValueError for a flat index.")
      .def(
          "neighborhood",
          [](const Index& index, nb::object fetch, uint32_t slot) {
            PythonSource source(fetch);
            const auto neighbors = source.run([&] { return index.neighborhood(source, slot); });
            std::vector<Output<uint32_t, 1>> links;
            for (const auto& level : neighbors.links) links.push_back(slot_array(level));
            return std::make_tuple(neighbors.representative, slot_array(neighbors.duplicates),
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
          "fetch"_a, "slots"_a, "Norms of these slots, float32 (n,), as norms has them.")
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
          [](const Index& index, nb::object fetch, uint32_t free_head, uint32_t free_count,
             uint32_t bare) {
            PythonSource source(fetch);
            const auto findings =
                source.run([&] { return index.verify(source, free_head, free_count, bare); });
            std::vector<std::tuple<std::string, std::string>> out;
            for (const auto& f : findings) out.emplace_back(f.where, f.what);
            return out;
          },
          "fetch"_a, "free_head"_a, "free_count"_a, "bare"_a = 0,
          "Every broken invariant of vectors and graph as (where, what).");
}

}  // namespace vdb::bindings
