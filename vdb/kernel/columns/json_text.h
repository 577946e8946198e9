// Payloads as JSON: the text that json.dumps(payload, ensure_ascii=False) makes of them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "columns/buffer.h"

namespace vdb {

// Appends a finite float as Python's repr writes it.
using FloatText = void (*)(double number, Buffer& out);

// Appends the text of one payload. `at` is a value in which msgpack_fault found nothing, as a
// payload. False where a text in it is no UTF-8; what was appended by then is of no use.
bool append_json(const uint8_t* at, FloatText float_text, Buffer& out);

}  // namespace vdb
