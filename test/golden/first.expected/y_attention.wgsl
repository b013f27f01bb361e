// y (attention), first.lf:10

@group(0) @binding(0) var<storage, read_write> b_y: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_x_1: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b_slots: array<vec4<f32>>;
var<workgroup> s_scores: array<vec4<f32>, 64>;
var<workgroup> s_parts: array<f32, 64>;

// Largest lane.
fn lf_fold_max_x4(v: vec4<f32>) -> f32 {
  return max(max(v.x, v.y), max(v.z, v.w));
}

// e^x; the largest number where that overflows.
fn lf_exp_x4(x: vec4<f32>) -> vec4<f32> {
  return exp(min(x, vec4<f32>(88.72)));
}

// Sum of the lanes.
fn lf_fold_add_x4(v: vec4<f32>) -> f32 {
  return (v.x + v.y) + (v.z + v.w);
}

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(local_invocation_id) local_id: vec3<u32>) {
  var r_most: vec4<f32>;
  var r_acc: vec4<f32>;
  var r_columns: vec4<f32>;
  var r_rows: vec4<f32>;
  var r_block_0: vec4<f32>; var r_block_1: vec4<f32>; var r_block_2: vec4<f32>; var r_block_3: vec4<f32>;
  var r_greatest: f32;
  var r_sums: vec4<f32>;
  var r_sum: f32;
  var r_share: f32;
  var r_acc_1: vec4<f32>;
  var r_columns_1: vec4<f32>;
  var r_rows_1: vec4<f32>;
  var r_result: vec4<f32>;
  let v_group_x = i32(group_id.x);
  let v_y_2 = i32(local_id.y);
  let v_x = i32(local_id.x);
  r_most = vec4<f32>(-0x1.fffffep+127f);
  let v_at_1 = v_group_x * 64i + v_y_2 * 8i;
  let v_at_2 = min(v_x * 4i, 15i) * 8i;
  let v_at_3 = v_x * 4i + 1i;
  let v_at_4 = min(v_at_3, 15i) * 8i;
  let v_at_5 = v_x * 4i + 2i;
  let v_at_6 = min(v_at_5, 15i) * 8i;
  let v_at_7 = v_x * 4i + 3i;
  let v_at_8 = min(v_at_7, 15i) * 8i;
  for (var v_k4 = 0i; v_k4 < 8i; v_k4 += 1i) {
    r_rows = b_x_1[v_at_1 + v_k4];
    r_block_0 = b_slots[v_at_2 + v_k4];
    r_block_1 = b_slots[v_at_4 + v_k4];
    r_block_2 = b_slots[v_at_6 + v_k4];
    r_block_3 = b_slots[v_at_8 + v_k4];
    r_columns = vec4<f32>(r_block_0.x, r_block_1.x, r_block_2.x, r_block_3.x);
    r_acc = fma(vec4<f32>(r_rows.x), r_columns, r_acc);
    r_columns = vec4<f32>(r_block_0.y, r_block_1.y, r_block_2.y, r_block_3.y);
    r_acc = fma(vec4<f32>(r_rows.y), r_columns, r_acc);
    r_columns = vec4<f32>(r_block_0.z, r_block_1.z, r_block_2.z, r_block_3.z);
    r_acc = fma(vec4<f32>(r_rows.z), r_columns, r_acc);
    r_columns = vec4<f32>(r_block_0.w, r_block_1.w, r_block_2.w, r_block_3.w);
    r_acc = fma(vec4<f32>(r_rows.w), r_columns, r_acc);
  }
  let v_logit = select(vec4<f32>(-0x1.fffffep+127f), r_acc / vec4<f32>(5.656854f), (vec4<i32>(v_x * 4i, v_at_3, v_at_5, v_at_7) < vec4<i32>(16i)));
  r_most = max(r_most, v_logit);
  let v_at_9 = v_y_2 * 8i + v_x;
  s_scores[v_at_9] = v_logit;
  r_greatest = lf_fold_max_x4(r_most);
  s_parts[v_at_9] = r_greatest;
  workgroupBarrier();
  r_greatest = s_parts[v_y_2 * 8i];
  let v_at_10 = v_y_2 * 8i;
  for (var v_lane = 1i; v_lane < 8i; v_lane += 1i) {
    r_greatest = max(r_greatest, s_parts[v_at_10 + v_lane]);
  }
  workgroupBarrier();
  r_sums = vec4<f32>(0.0f);
  for (var v_j = v_x; v_j < 4i; v_j += 8i) {
    let v_at_11 = v_at_10 + v_j;
    let v_power = lf_exp_x4(s_scores[v_at_11] - vec4<f32>(r_greatest));
    s_scores[v_at_11] = v_power;
    r_sums += v_power;
  }
  r_sum = lf_fold_add_x4(r_sums);
  s_parts[v_at_9] = r_sum;
  workgroupBarrier();
  r_sum = s_parts[v_at_10];
  for (var v_lane_1 = 1i; v_lane_1 < 8i; v_lane_1 += 1i) {
    r_sum += s_parts[v_at_10 + v_lane_1];
  }
  r_share = 1.0f / r_sum;
  workgroupBarrier();
  r_acc_1 = vec4<f32>(0.0f);
  for (var v_k4_1 = 0i; v_k4_1 < 4i; v_k4_1 += 1i) {
    r_rows_1 = s_scores[v_at_10 + v_k4_1];
    let v_at_12 = v_x + v_k4_1 * 32i;
    r_columns_1 = b_slots[v_at_12];
    r_acc_1 = fma(vec4<f32>(r_rows_1.x), r_columns_1, r_acc_1);
    r_columns_1 = b_slots[v_at_12 + 8i];
    r_acc_1 = fma(vec4<f32>(r_rows_1.y), r_columns_1, r_acc_1);
    r_columns_1 = b_slots[v_at_12 + 16i];
    r_acc_1 = fma(vec4<f32>(r_rows_1.z), r_columns_1, r_acc_1);
    r_columns_1 = b_slots[v_at_12 + 24i];
    r_acc_1 = fma(vec4<f32>(r_rows_1.w), r_columns_1, r_acc_1);
  }
  r_result = r_acc_1 * vec4<f32>(r_share);
  let v_at_13 = v_at_1 + v_x;
  b_y[v_at_13] = b_x_1[v_at_13] + r_result;
  workgroupBarrier();
}
