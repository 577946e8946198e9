// An array that came from another library, or one below it.
#pragma once

#include <memory>

#include "bindings/arrow_c_data.h"

namespace vdb::bindings {

struct ArrowNode {
  std::shared_ptr<const void> owner;  // of the whole tree; releases it at the end, with the GIL
  const ArrowArray* array;
};

}  // namespace vdb::bindings
