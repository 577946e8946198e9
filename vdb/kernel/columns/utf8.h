// Whether bytes are text in UTF-8, as Python's decoder has it: no surrogates, no longer forms.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vdb {

bool is_utf8(const uint8_t* bytes, size_t size);

}  // namespace vdb
