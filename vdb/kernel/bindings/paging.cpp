// The estimates about pages in memory by themselves: in a search their effect cannot be seen.

#include "memory/paging.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/tuple.h>

#include <optional>
#include <tuple>

#include "bindings/bind.h"
#include "memory/address_predictor.h"
#include "memory/residency.h"

namespace vdb::bindings {

using namespace nb::literals;

void bind_paging(nb::module_& m) {
  m.def("page_bytes", &page_bytes, "Bytes of a page of memory, as the system says.");
  nb::class_<AddressPredictor>(m, "AddressPredictor",
                               "Predicts the addresses of blocks that were not looked up yet.")
      .def(nb::init<uint32_t>(), "stride"_a)
      .def(
          "predict",
          [](const AddressPredictor& predictor, uint32_t number) -> std::optional<uintptr_t> {
            const uint8_t* address = predictor.predict(number);
            if (address == nullptr) return std::nullopt;
            return reinterpret_cast<uintptr_t>(address);
          },
          "number"_a, "The address of a block; None where nothing can be predicted.")
      .def(
          "observe",
          [](AddressPredictor& predictor, uint32_t number, uint32_t blocks, uintptr_t address) {
            predictor.observe(number, blocks, reinterpret_cast<const uint8_t*>(address));
          },
          "number"_a, "blocks"_a, "address"_a, "Block `number` of about `blocks` lies there.");

  nb::class_<Residency>(m, "Residency",
                        "What searches of one collection had to read from disk, and the prefetch "
                        "policy of the next one.")
      .def(nb::init<>())
      .def(
          "policy",
          [](const Residency& residency) {
            const PrefetchPolicy policy = residency.policy();
            return std::make_tuple(policy.walk, policy.rerank, policy.evict);
          },
          "Whether the next search prefetches for its walk, prefetches the vectors to rerank, and "
          "evicts those again.")
      .def(
          "record",
          [](Residency& residency, uint64_t walk, uint64_t rerank, uint64_t guide) {
            residency.record(residency.policy(), {walk, rerank}, guide);
          },
          "walk"_a, "rerank"_a, "guide"_a,
          "A search read so many bytes in its walk and in reranking; `guide`: bytes of links and "
          "codes.");
}

}  // namespace vdb::bindings
