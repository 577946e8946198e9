// What searches expect of the pages they need, on its own: what it does to a search cannot be seen.

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
  nb::class_<Forecast>(m, "Forecast", "Where blocks probably lie that were not looked up yet.")
      .def(nb::init<uint32_t>(), "stride"_a)
      .def(
          "guess",
          [](const Forecast& forecast, uint32_t number) -> std::optional<uintptr_t> {
            const uint8_t* address = forecast.guess(number);
            if (address == nullptr) return std::nullopt;
            return reinterpret_cast<uintptr_t>(address);
          },
          "number"_a, "The address of a block, or None where there is nothing to go by.")
      .def(
          "learn",
          [](Forecast& forecast, uint32_t number, uint32_t blocks, uintptr_t address) {
            forecast.learn(number, blocks, reinterpret_cast<const uint8_t*>(address));
          },
          "number"_a, "blocks"_a, "address"_a, "Block `number` of about `blocks` lies there.");

  nb::class_<Residency>(m, "Residency", "What searches of one collection had to read.")
      .def(nb::init<>())
      .def(
          "care",
          [](const Residency& residency) {
            const Care care = residency.care();
            return std::make_tuple(care.walk, care.last, care.give_up);
          },
          "Whether the next search asks for what its walk is about to compare, for the vectors of "
          "its last candidates, and gives these up again.")
      .def(
          "note",
          [](Residency& residency, uint64_t walk, uint64_t last, uint64_t guide) {
            residency.note(residency.care(), {walk, last}, guide);
          },
          "walk"_a, "last"_a, "guide"_a,
          "A search read so many bytes for its walk, and for its last candidates.");
}

}  // namespace vdb::bindings
