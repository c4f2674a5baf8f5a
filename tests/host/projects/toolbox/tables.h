#pragma once
#include <adf.h>
extern int32 offsets[8];
