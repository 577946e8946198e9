#include <stdexcept>
#include <string>

#include "bindings/arrays.h"
#include "bindings/bind.h"
#include "bindings/stored_records.h"
#include "blocks/crc32c.h"
#include "blocks/msgpack.h"
#include "blocks/msgpack_writer.h"

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

// Keys and sealed values of records, in the order of the slots.
nb::list sealed_records(uint32_t collection, const Slots& slots, const nb::list& ids,
                        const nb::list& payloads, uint32_t start, size_t room) {
  if (nb::len(ids) != slots.shape(0) || nb::len(payloads) != slots.shape(0))
    throw std::invalid_argument("ids, payloads: one for each slot");
  nb::list items;
  MsgpackWriter id;
  RecordKey key(collection);
  std::string value;
  for (size_t i = 0; i < slots.shape(0); ++i) {
    id.clear();
    const nb::handle one = ids[i], payload = payloads[i];
    if (PyUnicode_Check(one.ptr())) {
      Py_ssize_t length;
      const char* const text = PyUnicode_AsUTF8AndSize(one.ptr(), &length);
      if (text == nullptr) throw nb::python_error();
      id.text(text, static_cast<size_t>(length));
    } else {
      id.integer(nb::cast<int64_t>(one));
    }
    value.assign(kSeal, '\0');
    value += id.bytes();
    if (!payload.is_none()) {
      const auto body = nb::cast<nb::bytes>(payload);
      value.append(body.c_str(), body.size());
    }
    if (value.size() - kSeal > room) {
      items.append(nb::none());
      continue;
    }
    const nb::bytes name = key.of(slots(i));
    const auto* const bytes = reinterpret_cast<const uint8_t*>(value.data());
    const uint32_t sum =
        crc32c(bytes + kSeal, value.size() - kSeal, crc32c(key.data(), key.size(), start));
    for (size_t at = 0; at < kSeal; ++at) value[at] = static_cast<char>(sum >> (8 * at));
    items.append(nb::make_tuple(name, nb::bytes(value.data(), value.size())));
  }
  return items;
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
  m.def("sealed_records", &sealed_records, "collection"_a, "slots"_a, "ids"_a, "payloads"_a,
        "start"_a, "room"_a,
        nb::sig("def sealed_records(collection: int, slots: NDArray[numpy.uint32], "
                "ids: list[int | str], payloads: list[bytes | None], start: int, room: int) -> "
                "list[tuple[bytes, bytes] | None]"),
        "The key of each record and its value with its seal; None where id and payload take more "
        "than `room` bytes. `start` is the checksum of the salt.");
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
