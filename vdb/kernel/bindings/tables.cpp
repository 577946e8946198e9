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

void bind_tables(nb::module_& m) {
  nb::class_<ResidentMemory>(m, "ResidentMemory",
                             "How many bytes of private memory tables may take for copies of "
                             "blocks that searches read often.")
      .def(
          "__init__",
          [](ResidentMemory* self, uint64_t limit, uint64_t least, bool mapped) {
            new (self) ResidentMemory(limit, least, mapped);
          },
          nb::kw_only(), "limit"_a, "least"_a = 0, "mapped"_a = false)
      .def_prop_rw("limit", &ResidentMemory::limit, &ResidentMemory::set_limit)
      .def_prop_rw("least", &ResidentMemory::least, &ResidentMemory::set_least,
                   "Collections with fewer bytes of links and codes have no copies.")
      .def_prop_ro("used", &ResidentMemory::used, "Bytes that are set aside by now.");
  nb::class_<BlockTable>(m, "BlockTable",
                         "Addresses of the blocks of one (collection, generation, kind, level), as "
                         "of one commit; resolved when first touched.")
      .def(
          "__init__",
          [](BlockTable* self, const nb::bytes& prefix, const nb::bytes& salt, uint32_t collection,
             uint32_t generation, uint8_t kind, uint8_t level, uint32_t block_size,
             uint32_t row_size, uint32_t slots, uint64_t span,
             std::shared_ptr<ResidentMemory> memory) {
            BlockShape shape;
            shape.prefix.assign(prefix.c_str(), prefix.size());
            shape.salt.assign(salt.c_str(), salt.size());
            shape.collection = collection;
            shape.generation = generation;
            shape.kind = kind;
            shape.level = level;
            shape.block_size = block_size;
            shape.row_size = row_size;
            shape.span = span;
            new (self) BlockTable(std::move(shape), slots, std::move(memory));
          },
          nb::kw_only(), "prefix"_a, "salt"_a, "collection"_a, "generation"_a, "kind"_a, "level"_a,
          "block_size"_a, "row_size"_a, "slots"_a, "span"_a = 1, "memory"_a.none() = nb::none())
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
      .def("resident_bytes", &BlockTable::resident_bytes,
           "Bytes of the blocks that are read from copies in memory of the process's own.")
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

}  // namespace vdb::bindings
