import "lfc" "memory" (memory 0 65536 shared)

func $0 (param i32 i32 i32)
  local 4 i32, 1 v128, 1 i32, 3 v128
  i32.const 0
  local.set 3
  local.get 2
  local.get 0
  i32.const 6
  i32.shl
  i32.add
  local.tee 4
  drop
  local.get 1
  local.get 0
  i32.const 12
  i32.shl
  i32.add
  local.tee 5
  drop
  block
    loop
      local.get 4
      local.get 3
      i32.const 7
      i32.shl
      i32.add
      local.tee 6
      v128.load
      local.set 7
      local.get 5
      local.get 3
      i32.const 6
      i32.shl
      i32.add
      local.tee 8
      local.get 7
      v128.store
      local.get 6
      v128.load offset=16
      local.set 9
      local.get 8
      local.get 9
      v128.store offset=16
      local.get 6
      v128.load offset=32
      local.set 10
      local.get 8
      local.get 10
      v128.store offset=32
      local.get 6
      v128.load offset=48
      local.set 11
      local.get 8
      local.get 11
      v128.store offset=48
      local.get 3
      i32.const 1
      i32.add
      local.tee 3
      i32.const 64
      i32.lt_s
      br_if 0
    end
  end

func $1 (export "y_contract_columns") (param i32 i32 i32 i32)
  local 2 i32
  block
    local.get 0
    local.get 1
    i32.ge_s
    br_if 0
    loop
      local.get 0
      local.set 5
      local.get 5
      local.set 4
      local.get 4
      local.get 2
      local.get 3
      call 0
      local.get 0
      i32.const 1
      i32.add
      local.tee 0
      local.get 1
      i32.lt_s
      br_if 0
    end
  end

func $2 (param i32 i32 i32 i32 i32)
  local 8 v128, 1 i32, 4 v128, 6 i32, 4 v128, 1 i32, 8 v128
  local.get 4
  local.get 0
  i32.const 6
  i32.shl
  i32.add
  local.tee 13
  v128.load
  local.set 14
  local.get 13
  v128.load offset=16
  local.set 15
  local.get 13
  v128.load offset=32
  local.set 16
  local.get 13
  v128.load offset=48
  local.set 17
  i32.const 0
  local.set 18
  local.get 2
  local.get 0
  i32.const 12
  i32.shl
  i32.add
  local.tee 19
  drop
  local.get 1
  local.get 0
  i32.const 6
  i32.shl
  i32.add
  local.tee 20
  drop
  block
    loop
      v128.const 0 0 0 0
      local.set 5
      v128.const 0 0 0 0
      local.set 6
      v128.const 0 0 0 0
      local.set 7
      v128.const 0 0 0 0
      local.set 8
      v128.const 0 0 0 0
      local.set 9
      v128.const 0 0 0 0
      local.set 10
      v128.const 0 0 0 0
      local.set 11
      v128.const 0 0 0 0
      local.set 12
      i32.const 0
      local.set 21
      local.get 3
      local.get 18
      i32.const 9
      i32.shl
      i32.add
      local.tee 22
      drop
      block
        loop
          local.get 19
          local.get 21
          i32.const 7
          i32.shl
          i32.add
          local.tee 23
          v128.load
          local.set 24
          local.get 23
          v128.load offset=16
          local.set 25
          local.get 23
          v128.load offset=32
          local.set 26
          local.get 23
          v128.load offset=48
          local.set 27
          local.get 22
          local.get 21
          i32.const 3
          i32.shl
          i32.add
          local.tee 28
          v128.load32_splat
          local.set 29
          local.get 5
          local.get 29
          local.get 24
          f32x4.mul
          f32x4.add
          local.set 5
          local.get 6
          local.get 29
          local.get 25
          f32x4.mul
          f32x4.add
          local.set 6
          local.get 7
          local.get 29
          local.get 26
          f32x4.mul
          f32x4.add
          local.set 7
          local.get 8
          local.get 29
          local.get 27
          f32x4.mul
          f32x4.add
          local.set 8
          local.get 21
          i32.const -1
          i32.eq
          br_if 1
          local.get 28
          v128.load32_splat offset=256
          local.set 30
          local.get 9
          local.get 30
          local.get 24
          f32x4.mul
          f32x4.add
          local.set 9
          local.get 10
          local.get 30
          local.get 25
          f32x4.mul
          f32x4.add
          local.set 10
          local.get 11
          local.get 30
          local.get 26
          f32x4.mul
          f32x4.add
          local.set 11
          local.get 12
          local.get 30
          local.get 27
          f32x4.mul
          f32x4.add
          local.set 12
          local.get 21
          i32.const -2
          i32.eq
          br_if 1
          local.get 23
          v128.load offset=64
          local.set 31
          local.get 23
          v128.load offset=80
          local.set 32
          local.get 23
          v128.load offset=96
          local.set 33
          local.get 23
          v128.load offset=112
          local.set 34
          local.get 28
          v128.load32_splat offset=4
          local.set 35
          local.get 5
          local.get 35
          local.get 31
          f32x4.mul
          f32x4.add
          local.set 5
          local.get 6
          local.get 35
          local.get 32
          f32x4.mul
          f32x4.add
          local.set 6
          local.get 7
          local.get 35
          local.get 33
          f32x4.mul
          f32x4.add
          local.set 7
          local.get 8
          local.get 35
          local.get 34
          f32x4.mul
          f32x4.add
          local.set 8
          local.get 21
          i32.const -3
          i32.eq
          br_if 1
          local.get 28
          v128.load32_splat offset=260
          local.set 36
          local.get 9
          local.get 36
          local.get 31
          f32x4.mul
          f32x4.add
          local.set 9
          local.get 10
          local.get 36
          local.get 32
          f32x4.mul
          f32x4.add
          local.set 10
          local.get 11
          local.get 36
          local.get 33
          f32x4.mul
          f32x4.add
          local.set 11
          local.get 12
          local.get 36
          local.get 34
          f32x4.mul
          f32x4.add
          local.set 12
          local.get 21
          i32.const -4
          i32.eq
          br_if 1
          local.get 21
          i32.const 1
          i32.add
          local.tee 21
          i32.const 32
          i32.lt_s
          br_if 0
        end
      end
      local.get 5
      local.set 36
      local.get 20
      local.get 18
      i32.const 8
      i32.shl
      i32.add
      local.tee 21
      local.get 14
      local.get 36
      f32x4.add
      v128.store
      local.get 6
      local.set 35
      local.get 21
      local.get 15
      local.get 35
      f32x4.add
      v128.store offset=16
      local.get 7
      local.set 34
      local.get 21
      local.get 16
      local.get 34
      f32x4.add
      v128.store offset=32
      local.get 8
      local.set 33
      local.get 21
      local.get 17
      local.get 33
      f32x4.add
      v128.store offset=48
      local.get 9
      local.set 32
      local.get 21
      local.get 14
      local.get 32
      f32x4.add
      v128.store offset=128
      local.get 10
      local.set 31
      local.get 21
      local.get 15
      local.get 31
      f32x4.add
      v128.store offset=144
      local.get 11
      local.set 30
      local.get 21
      local.get 16
      local.get 30
      f32x4.add
      v128.store offset=160
      local.get 12
      local.set 29
      local.get 21
      local.get 17
      local.get 29
      f32x4.add
      v128.store offset=176
      local.get 18
      i32.const 1
      i32.add
      local.tee 18
      i32.const 24
      i32.lt_s
      br_if 0
    end
  end

func $3 (export "y_contract") (param i32 i32 i32 i32 i32 i32)
  local 2 i32
  block
    local.get 0
    local.get 1
    i32.ge_s
    br_if 0
    loop
      local.get 0
      local.set 7
      local.get 7
      local.set 6
      local.get 6
      local.get 2
      local.get 3
      local.get 4
      local.get 5
      call 2
      local.get 0
      i32.const 1
      i32.add
      local.tee 0
      local.get 1
      i32.lt_s
      br_if 0
    end
  end
