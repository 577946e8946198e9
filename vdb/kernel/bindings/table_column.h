// A column of a table in Python's hands, until it becomes part of an Arrow array.
#pragma once

#include <optional>

#include "columns/column.h"

namespace vdb::bindings {

struct TableColumn {
  std::optional<Column> column;  // none: it is part of an array by now
};

}  // namespace vdb::bindings
