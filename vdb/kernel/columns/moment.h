// Moments in time that payloads hold as text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace vdb {

// Microseconds since 1970 of a text in ISO 8601 that spells a moment of the years 1 to 9999 in UTC:
// "2024-05-01", "2024-05-01T10:00", "2024-05-01 10:00:00.25+02:00". The rules are those of
// vdb.model.filters.values.moment; hour 24 is midnight of the next day, as in newer Pythons.
std::optional<int64_t> moment_of(const char* text, size_t size);

}  // namespace vdb
