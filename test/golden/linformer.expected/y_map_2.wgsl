// y.v.y (map), linformer.lf:18
// y.u.y (map), linformer.lf:18

@group(0) @binding(0) var<storage, read_write> b_y: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_a: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b_g2: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> b_b2: array<vec4<f32>>;
var<workgroup> s_parts: array<f32, 80>;

// Sum of the lanes.
fn lf_fold_add_x4(v: vec4<f32>) -> f32 {
  return (v.x + v.y) + (v.z + v.w);
}

@compute @workgroup_size(32, 2, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  var r_acc: vec4<f32>;
  var r_acc_1: vec4<f32>;
  let v_group_x = i32(group_id.x);
  let v_y_2 = i32(local_id.y);
  let v_x = i32(local_id.x);
  let v_at_1 = v_group_x * 64i + v_y_2 * 32i + v_x;
  let v_a_2 = b_a[v_at_1];
  r_acc += v_a_2;
  let v_part = lf_fold_add_x4(r_acc);
  let v_at_2 = v_y_2 * 32i + v_x;
  s_parts[v_at_2] = v_part;
  workgroupBarrier();
  let v_at_3 = v_y_2 * 32i + v_x * 4i;
  let v_at_4 = v_at_3 + 1i;
  let v_at_5 = v_at_3 + 2i;
  let v_at_6 = v_at_3 + 3i;
  let v_at_7 = v_y_2 * 8i + v_x;
  if (v_x < 8i) {
    let v_part_1 = s_parts[v_at_3];
    let v_joined = v_part_1 + s_parts[v_at_4];
    let v_joined_1 = v_joined + s_parts[v_at_5];
    s_parts[v_at_7 + 64i] = v_joined_1 + s_parts[v_at_6];
  }
  workgroupBarrier();
  let v_part_5 = s_parts[v_y_2 * 8i + 64i];
  let v_at_8 = v_y_2 * 8i + 1i;
  let v_joined_3 = v_part_5 + s_parts[v_at_8 + 64i];
  let v_at_9 = v_y_2 * 8i + 2i;
  let v_joined_4 = v_joined_3 + s_parts[v_at_9 + 64i];
  let v_at_10 = v_y_2 * 8i + 3i;
  let v_joined_5 = v_joined_4 + s_parts[v_at_10 + 64i];
  let v_at_11 = v_y_2 * 8i + 4i;
  let v_joined_6 = v_joined_5 + s_parts[v_at_11 + 64i];
  let v_at_12 = v_y_2 * 8i + 5i;
  let v_joined_7 = v_joined_6 + s_parts[v_at_12 + 64i];
  let v_at_13 = v_y_2 * 8i + 6i;
  let v_joined_8 = v_joined_7 + s_parts[v_at_13 + 64i];
  let v_at_14 = v_y_2 * 8i + 7i;
  let v_of_row = (v_joined_8 + s_parts[v_at_14 + 64i]) * 0.0078125f;
  r_acc_1 = vec4<f32>(0.0f);
  r_acc_1 += (v_a_2 - vec4<f32>(v_of_row)) * (v_a_2 - vec4<f32>(v_of_row));
  s_parts[v_at_2] = lf_fold_add_x4(r_acc_1);
  workgroupBarrier();
  if (v_x < 8i) {
    let v_part_14 = s_parts[v_at_3];
    let v_joined_10 = v_part_14 + s_parts[v_at_4];
    let v_joined_11 = v_joined_10 + s_parts[v_at_5];
    s_parts[v_at_7 + 64i] = v_joined_11 + s_parts[v_at_6];
  }
  workgroupBarrier();
  let v_part_18 = s_parts[v_y_2 * 8i + 64i];
  let v_joined_13 = v_part_18 + s_parts[v_at_8 + 64i];
  let v_joined_14 = v_joined_13 + s_parts[v_at_9 + 64i];
  let v_joined_15 = v_joined_14 + s_parts[v_at_10 + 64i];
  let v_joined_16 = v_joined_15 + s_parts[v_at_11 + 64i];
  let v_joined_17 = v_joined_16 + s_parts[v_at_12 + 64i];
  let v_joined_18 = v_joined_17 + s_parts[v_at_13 + 64i];
  let v_of_row_1 = (v_joined_18 + s_parts[v_at_14 + 64i]) * 0.0078125f;
  let v_g2_2 = b_g2[v_x];
  let v_b2_2 = b_b2[v_x];
  b_y[v_at_1] = (v_a_2 - vec4<f32>(v_of_row)) * vec4<f32>(inverseSqrt(v_of_row_1 + 0.00001f)) * v_g2_2 + v_b2_2;
}
