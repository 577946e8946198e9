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

namespace {

using Table = nb::handle_t<BlockTable>;

// A table that Python made, kept alive by its Python object. nanobind's own conversion would abort
// the process where memory for the reference count is short.
std::shared_ptr<BlockTable> shared(nb::handle object) {
  BlockTable* const table = nb::cast<BlockTable*>(object);
  const std::shared_ptr<void> owner(table, nb::detail::py_deleter{object.inc_ref().ptr()});
  return {owner, table};
}

std::vector<std::shared_ptr<BlockTable>> shared_all(const nb::sequence& sequence) {
  std::vector<std::shared_ptr<BlockTable>> tables;
  for (const nb::handle one : sequence) {
    if (!nb::isinstance<BlockTable>(one)) throw nb::type_error("links: each a BlockTable");
    tables.push_back(shared(one));
  }
  return tables;
}

}  // namespace

nb::class_<Index> bind_index(nb::module_& m) {
  return nb::class_<Index>(m, "Index",
                           "One collection at one moment. May be used by any number of threads.")
      .def(
          "__init__",
          [](Index* self, const std::string& metric, uint32_t dim, const std::string& dtype,
             Table vectors, const nb::typed<nb::sequence, BlockTable>& links, uint32_t M,
             uint32_t ef_construction, uint64_t seed, uint32_t slots, uint32_t entry,
             const Slots& longest, std::optional<Slots> unlinked, std::optional<Table> codes,
             const std::string& code_type) {
            const DType type = dtype_named(dtype);
            IndexState state{
                metric_named(metric, type), {type, dim}, M, ef_construction, seed, slots, entry,
                to_vector(longest)};
            if (unlinked) state.unlinked = to_vector(*unlinked);
            state.codes = code_named(code_type);
            new (self) Index(std::move(state), shared(vectors), shared_all(links),
                             codes ? shared(*codes) : nullptr);
          },
          nb::kw_only(), "metric"_a, "dim"_a, "dtype"_a, "vectors"_a, "links"_a, "M"_a,
          "ef_construction"_a, "seed"_a, "slots"_a, "entry"_a, "longest"_a,
          "unlinked"_a = nb::none(), "codes"_a.none() = nb::none(), "code_type"_a = "")
      .def_prop_ro("slots", [](const Index& i) { return i.state().slots; })
      .def_prop_ro("entry", [](const Index& i) { return i.state().entry; })
      .def_prop_ro(
          "longest", [](const Index& i) { return slot_array(i.state().longest); },
          nb::rv_policy::move)
      .def_prop_ro(
          "unlinked", [](const Index& i) { return slot_array(i.state().unlinked); },
          nb::rv_policy::move, "Slots of stored vectors that wait for their links.");
}

}  // namespace vdb::bindings
