#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "bindings/arrays.h"
#include "bindings/bind.h"
#include "bindings/python_source.h"

namespace vdb::bindings {

using namespace nb::literals;

namespace {

using Values = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

// Several lists of slots as one, and how long each of them is.
std::tuple<Output<uint32_t, 1>, Output<uint32_t, 1>> flattened(
    const std::vector<std::vector<uint32_t>>& lists) {
  std::vector<uint32_t> all, sizes;
  for (const std::vector<uint32_t>& list : lists) {
    all.insert(all.end(), list.begin(), list.end());
    sizes.push_back(static_cast<uint32_t>(list.size()));
  }
  return std::make_tuple(slot_array(all), slot_array(sizes));
}

}  // namespace

void bind_ties(nb::class_<Index>& index) {
  index
      .def(
          "duplicates",
          [](const Index& index, nb::object fetch, const Slots& nodes, uint32_t most) {
            PythonSource source(fetch);
            return flattened(
                source.run([&] { return index.duplicates(source, to_vector(nodes), most); }));
          },
          "fetch"_a, "nodes"_a, "most"_a,
          "(slots u32, sizes u32 (n,)): each node, and behind it those it stands for, `most` "
          "together.")
      .def(
          "ties",
          [](const Index& index, nb::object fetch, const Rows& queries, const Values& values,
             const std::optional<Bits>& bits, size_t count, uint32_t threads) {
            check_queries(queries, index.state().shape);
            if (values.shape(0) != queries.shape(0))
              throw std::invalid_argument("values: one for each query");
            std::optional<FilterSet> filter;
            if (bits) filter.emplace(filter_of(index, *bits, count));
            PythonSource source(fetch);
            return flattened(source.run([&] {
              return index.ties(source, bytes_of(queries), values.data(),
                                static_cast<uint32_t>(queries.shape(0)),
                                filter ? &*filter : nullptr, threads);
            }));
          },
          "fetch"_a, "queries"_a, "values"_a, "bits"_a.none() = nb::none(), "count"_a = 0,
          "threads"_a = 1,
          "(slots u32, sizes u32 (n,)): for each query the slots whose value is exactly values[i], "
          "rising, by looking at every one; with `bits`, at those that are set.");
}

}  // namespace vdb::bindings
