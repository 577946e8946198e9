#include "bindings/arrays.h"
#include "bindings/bind.h"
#include "bindings/stored_records.h"
#include "blocks/msgpack.h"

namespace vdb::bindings {

using namespace nb::literals;

namespace {

nb::tuple read_records(const nb::object& lookup, uint32_t collection, const Slots& slots,
                       uint32_t start, bool text, bool payloads) {
  nb::list ids, encoded;
  const StoredRecords records(lookup, collection, start, text);
  const size_t count =
      records.read(slots.data(), slots.shape(0), ids, payloads ? &encoded : nullptr);
  if (!payloads)
    for (size_t i = 0; i < count; ++i) encoded.append(nb::none());
  return nb::make_tuple(ids, encoded);
}

nb::object fault_of(const nb::bytes& body, size_t deepest, bool payload) {
  const char* fault = vdb::msgpack_fault(static_cast<const uint8_t*>(body.data()), body.size(),
                                         deepest, payload ? Msgpack::kPayload : Msgpack::kRecord);
  if (fault == nullptr) return nb::none();
  return nb::str(fault);
}

bool are_payloads(const nb::list& bodies, size_t deepest) {
  for (const nb::handle one : bodies) {
    if (one.is_none()) continue;
    const auto body = nb::cast<nb::bytes>(one);
    if (vdb::msgpack_fault(static_cast<const uint8_t*>(body.data()), body.size(), deepest,
                           Msgpack::kPayload) != nullptr)
      return false;
  }
  return true;
}

}  // namespace

void bind_records(nb::module_& m) {
  m.def("msgpack_fault", &fault_of, "body"_a, "deepest"_a, nb::kw_only(), "payload"_a = false,
        nb::sig("def msgpack_fault(body: bytes, deepest: int, *, payload: bool = False) -> "
                "str | None"),
        "What keeps the bytes from being one value in msgpack, nested at most so deep and at most "
        "64, every count in it held by bytes that are there; None where nothing does. Nothing is "
        "made of them. `payload`: and of the types that payloads have.");
  m.def("are_payloads", &are_payloads, "bodies"_a, "deepest"_a,
        nb::sig("def are_payloads(bodies: list[bytes | None], deepest: int) -> bool"),
        "Whether `msgpack_fault` finds nothing in any of them.");
  m.def("read_records", &read_records, "lookup"_a, "collection"_a, "slots"_a, "start"_a, "text"_a,
        "payloads"_a,
        nb::sig("def read_records(lookup: object, collection: int, "
                "slots: NDArray[numpy.uint32], start: int, text: bool, payloads: bool) -> "
                "tuple[list[int | str], list[bytes | None]]"),
        "Ids of records, and their payloads as they are stored (None: there is none, or they are "
        "not asked for), up to the first that is not plain, sound and in one piece. `lookup` finds "
        "values by key; `start` is the checksum of the salt; `text` says which kind ids are.");
}

}  // namespace vdb::bindings
